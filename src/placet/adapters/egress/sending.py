"""Send a request that acts: again only where the provider said that it did not act or no byte left (protocol 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from placet.adapters.egress.messages import AmbiguousError, Answer, NothingSentError
from placet.errors import EffectError
from placet.ports.executor import SendPermit

Sleep = Callable[[float], Awaitable[object]]
MAX_RETRIES = 3
_UNREACHABLE_WAITS = (0.2, 1.0, 3.0)


class Sent(Struct, frozen=True, kw_only=True):
    """How sending ended: an answer, or the error that says whether bytes may have been sent."""

    answer: Answer | None
    error: EffectError | None
    retries: int


class Sender(Struct, frozen=True):
    """How to wait, and how a kind of provider says that it did not act and when to come back (None: it did not)."""

    seconds_to_wait: Callable[[Answer], float | None]
    sleep: Sleep = asyncio.sleep

    async def send(self, exchange: Callable[[], Awaitable[Answer]], permit: SendPermit) -> Sent:
        """Make the exchange, at most four times, within the deadline that `permit` knows of."""
        for retries in range(MAX_RETRIES + 1):
            wait: float | None
            try:
                answer = await exchange()
                sent = Sent(answer=answer, error=None, retries=retries)
                wait = self.seconds_to_wait(answer)
            except AmbiguousError as error:
                return Sent(answer=None, error=error, retries=retries)
            except NothingSentError as error:
                sent = Sent(answer=None, error=error, retries=retries)
                wait = _UNREACHABLE_WAITS[min(retries, len(_UNREACHABLE_WAITS) - 1)]
            if wait is None or retries == MAX_RETRIES or wait >= permit.seconds_left:
                break
            await self.sleep(wait)
        return sent
