"""One request on its way over one connection: the only module that speaks HTTP to the outside."""

from __future__ import annotations

import logging
import re
import ssl

import httpx2

from placet.adapters.egress.addresses import Address
from placet.adapters.egress.endpoint import Endpoint
from placet.adapters.egress.messages import (
    AMBIGUOUS,
    UNREACHABLE,
    AmbiguousError,
    Answer,
    BeforeFirstByte,
    Caps,
    NothingSentError,
    Request,
)
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Secret

_TOKEN = re.compile(r"[!-~]{1,8192}")

# The libraries below write answers' headers to the debug log, and a header may echo a token.
logging.getLogger("httpcore2").setLevel(logging.INFO)


class Attempt:
    """One request on its way: knows whether its first byte may have been written."""

    def __init__(
        self, endpoint: Endpoint, request: Request, caps: Caps, before_first_byte: BeforeFirstByte | None
    ) -> None:
        """Take what to send where; raise `EffectError` (`EGRESS_DENIED`) for a path that is not below the base."""
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
        for scheme, secret in (("Bearer", self._request.bearer), ("Basic", self._request.basic)):
            if secret is not None:
                headers["authorization"] = f"{scheme} {_word(secret)}"
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


def _word(secret: Secret) -> str:
    # Checked here, because a library that meets a bad header value quotes it in its error.
    if _TOKEN.fullmatch(secret.reveal()) is None:
        raise ConfigurationError(
            "CREDENTIAL_INVALID",
            "the credential is not one word of printable ASCII",
            hint="look for a line break or a blank in the variable or file that holds it",
        )
    return secret.reveal()
