"""One request and its answer with a configured provider, guarded, capped and timed as a whole.

The only module that speaks HTTP to the outside. It uses a fresh connection for each exchange:
on a kept one, a server's silent close could not be told from an answer lost on its way. Names
are resolved here, every address is checked, and the connection goes to the checked address.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx2

from placet.adapters.egress.addresses import Address, check_address
from placet.adapters.egress.endpoint import Endpoint
from placet.adapters.egress.resolve import Resolve, resolve
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Secret

UNREACHABLE = "PROVIDER_UNREACHABLE"
AMBIGUOUS = "PROVIDER_AMBIGUOUS"
_TOKEN = re.compile(r"[!-~]{1,8192}")
BeforeFirstByte = Callable[[], Awaitable[None]]
"""Called when the connection stands and nothing was written; what it raises stops the request."""

# The libraries below write answers' headers to the debug log, and a header may echo a token.
logging.getLogger("httpcore2").setLevel(logging.INFO)


class NothingSentError(EffectError):
    """No byte of the request left this machine (`PROVIDER_UNREACHABLE`): sending again is safe."""


class AmbiguousError(EffectError):
    """Bytes may have been sent and no whole answer came (`PROVIDER_AMBIGUOUS`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent. `path` stands below the endpoint's base path; `bearer` is shown to nobody else."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    bearer: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Limits of one exchange: seconds for all of it, of these for connecting, bytes of the answer."""

    seconds: float
    connect_seconds: float = 10.0
    answer_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. Header names are in lower case; the body is kept out of `repr`."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@functools.cache
def _system_tls() -> ssl.SSLContext:
    """Return the one context that trusts what this system trusts; making one takes 40 ms."""
    return ssl.create_default_context()


class Egress:
    """Makes guarded exchanges. Any number may run at once; they share one TLS context."""

    def __init__(self, *, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        """Take how names are resolved and, where it is not the system's, what certificates to trust."""
        self._resolve = resolver
        self._tls = tls or _system_tls()

    async def exchange(
        self, endpoint: Endpoint, request: Request, caps: Caps, before_first_byte: BeforeFirstByte | None = None
    ) -> Answer:
        """Send `request` once and return the whole answer, whatever its status; follow no redirect.

        Raise `EffectError` (`EGRESS_DENIED`) before anything is opened, `NothingSentError` where
        no byte of the request was written, what `before_first_byte` raises, and `AmbiguousError`
        for a time-out, a cut, or an answer larger than allowed. The socket is closed on return.
        """
        attempt = _Attempt(endpoint, request, caps, before_first_byte)
        try:
            async with asyncio.timeout(caps.seconds):
                return await self._first_reachable(attempt)
        except TimeoutError as error:
            raise attempt.failure(f"no whole answer within {caps.seconds:.3g} s") from error

    async def _first_reachable(self, attempt: _Attempt) -> Answer:
        addresses = await self._addresses(attempt.endpoint)
        for address in addresses[:-1]:
            try:
                return await attempt.send_to(address, self._tls)
            except NothingSentError:
                continue
        return await attempt.send_to(addresses[-1], self._tls)

    async def _addresses(self, endpoint: Endpoint) -> list[Address]:
        if endpoint.literal is not None:
            return [check_address(endpoint, str(endpoint.literal))]
        try:
            found = await self._resolve(endpoint.host, endpoint.port)
        except OSError as error:
            raise NothingSentError(UNREACHABLE, f"the name {endpoint.host} could not be resolved") from error
        if not found:
            raise NothingSentError(UNREACHABLE, f"the name {endpoint.host} has no address")
        return [check_address(endpoint, text) for text in found]


class _Attempt:
    """One request on its way: knows whether its first byte may have been written."""

    def __init__(
        self, endpoint: Endpoint, request: Request, caps: Caps, before_first_byte: BeforeFirstByte | None
    ) -> None:
        self.endpoint = endpoint
        self._request = request
        self._target = endpoint.target(request.path)
        self._caps = caps
        self._before_first_byte = before_first_byte
        self._may_be_sent = False

    def failure(self, reason: str) -> EffectError:
        """Return the error that says whether bytes may have been sent; never a foreign text."""
        if self._may_be_sent:
            return AmbiguousError(AMBIGUOUS, f"{self.endpoint.host}: {reason}; it may have acted")
        return NothingSentError(UNREACHABLE, f"{self.endpoint.host}: {reason}; nothing was sent")

    async def send_to(self, address: Address, tls: ssl.SSLContext) -> Answer:
        """Send the request to `address` and read the answer."""
        transport = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False, http2=False, retries=0)
        try:
            async with transport:
                response = await transport.handle_async_request(self._http_request(address))
                return await self._whole(response)
        except (httpx2.TransportError, httpx2.InvalidURL, ssl.SSLError) as error:
            raise self.failure(f"the exchange broke off ({type(error).__name__})") from error

    def _http_request(self, address: Address) -> httpx2.Request:
        host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - the protocol's number
        headers = {"host": self.endpoint.authority, "connection": "close", "accept-encoding": "identity"}
        headers |= {"user-agent": "placet", **self._request.headers}
        if self._request.bearer is not None:
            headers["authorization"] = _bearer(self._request.bearer)
        extensions: dict[str, object] = {
            "trace": self._trace,
            "timeout": {"connect": min(self._caps.connect_seconds, self._caps.seconds)},
            "target": self._target.encode("ascii"),
        }
        if self.endpoint.literal is None:
            extensions["sni_hostname"] = self.endpoint.host
        url = f"{self.endpoint.scheme}://{host}:{self.endpoint.port}/"
        body = self._request.body
        return httpx2.Request(self._request.method, url, headers=headers, content=body, extensions=extensions)

    async def _trace(self, event: str, _info: dict[str, object]) -> None:
        if event != "http11.send_request_headers.started":
            return
        if self._before_first_byte is not None:
            await self._before_first_byte()
        self._may_be_sent = True

    async def _whole(self, response: httpx2.Response) -> Answer:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._caps.answer_bytes:
                raise self.failure(f"the answer is larger than {self._caps.answer_bytes} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=bytes(body))


def _bearer(secret: Secret) -> str:
    # Checked here, because a library that meets a bad header value quotes it in its error.
    if _TOKEN.fullmatch(secret.reveal()) is None:
        raise ConfigurationError(
            "CREDENTIAL_INVALID",
            "the credential is not one word of printable ASCII",
            hint="look for a line break or a blank in the variable or file that holds it",
        )
    return f"Bearer {secret.reveal()}"
