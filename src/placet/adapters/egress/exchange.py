"""One request and its answer with a configured provider, guarded, capped and timed as a whole.

Every exchange has a fresh connection: on a kept one, a server's silent close could not be told
from an answer lost on its way. Names are resolved here, every address is checked, and the
connection goes to the checked address.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from typing import TYPE_CHECKING

from placet.adapters.egress.addresses import Address, check_address
from placet.adapters.egress.endpoint import Endpoint
from placet.adapters.egress.messages import UNREACHABLE, Answer, BeforeFirstByte, Caps, NothingSentError, Request
from placet.adapters.egress.resolve import Resolve, resolve

if TYPE_CHECKING:
    from placet.adapters.egress.attempt import Attempt


@functools.cache
def _system_tls() -> ssl.SSLContext:
    """Return the one context that trusts what this system trusts; making one takes 40 ms."""
    return ssl.create_default_context()


class Egress:
    """Makes guarded exchanges. Any number may run at once; they share one TLS context."""

    def __init__(self, *, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        """Take how names are resolved and, where it is not the system's, what certificates to trust."""
        self._resolve = resolver
        self._tls = tls

    async def exchange(
        self, endpoint: Endpoint, request: Request, caps: Caps, before_first_byte: BeforeFirstByte | None = None
    ) -> Answer:
        """Send `request` once and return the whole answer, whatever its status; follow no redirect.

        Raise `EffectError` (`EGRESS_DENIED`) before anything is opened, `NothingSentError` where
        no byte of the request was written, what `before_first_byte` raises, and `AmbiguousError`
        for a time-out, a cut, or an answer larger than allowed. The socket is closed on return.
        """
        from placet.adapters.egress.attempt import Attempt  # noqa: PLC0415 - 0.15 s that only those who send shall pay

        attempt = Attempt(endpoint, request, caps, before_first_byte)
        try:
            async with asyncio.timeout(caps.seconds):
                return await self._first_reachable(attempt)
        except TimeoutError as error:
            raise attempt.failure(f"no whole answer within {caps.seconds:.3g} s") from error

    async def _first_reachable(self, attempt: Attempt) -> Answer:
        addresses, tls = await self.addresses(attempt.endpoint), self._tls or _system_tls()
        for address in addresses[:-1]:
            try:
                return await attempt.send_to(address, tls)
            except NothingSentError:
                continue
        return await attempt.send_to(addresses[-1], tls)

    def roots(self) -> str:
        """Return the certificates (PEM) to trust beside the system's; none where nothing else was given."""
        ders = self._tls.get_ca_certs(binary_form=True) if self._tls else []
        return "".join(ssl.DER_cert_to_PEM_cert(der) for der in ders)

    async def addresses(self, endpoint: Endpoint) -> list[Address]:
        """Return the addresses to which requests for `endpoint` may connect, each of them checked.

        Raise `EffectError` (`EGRESS_DENIED`) where one of them is not allowed, and
        `NothingSentError` where the name has none.
        """
        if endpoint.literal is not None:
            return [check_address(endpoint, str(endpoint.literal))]
        try:
            found = await self._resolve(endpoint.host, endpoint.port)
        except OSError as error:
            raise NothingSentError(UNREACHABLE, f"the name {endpoint.host} could not be resolved") from error
        if not found:
            raise NothingSentError(UNREACHABLE, f"the name {endpoint.host} has no address")
        return [check_address(endpoint, text) for text in found]
