"""A document of somebody else's, kept for an hour and fetched anew at most once a minute (attacks A73)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from placet.errors import DeniedError, EffectError
from placet.ports.world import Clock

T = TypeVar("T")
KEPT_FOR = timedelta(hours=1)
ASKED_EVERY = timedelta(minutes=1)


class Kept(Generic[T]):
    """The newest good reading of one document. Any number may want it at once: one of them fetches."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]]) -> None:
        """Keep what `fetch` returns; it raises `DeniedError` or `EffectError` where there is nothing good."""
        self._clock = clock
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._found: T | None = None
        self._found_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._failure: DeniedError | EffectError | None = None

    async def get(self, *, good_for: Callable[[T], bool] = lambda _: True) -> T:
        """Return the document, fetched anew where it is old or not `good_for` what it is wanted for.

        Whatever is asked for, it is fetched once a minute at most, and a worse one never replaces a
        good one: what is returned then is what there was. Raise what `fetch` raised where there was
        never a good one.
        """
        async with self._lock:
            now = self._clock.now()
            if self._is_old(now) or self._found is None or not good_for(self._found):
                await self._ask(now)
            if self._found is not None:
                return self._found
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            raise AssertionError("nothing was asked and nothing was found")

    def _is_old(self, now: datetime) -> bool:
        return self._found_at is None or abs(now - self._found_at) >= KEPT_FOR

    async def _ask(self, now: datetime) -> None:
        if self._asked_at is not None and abs(now - self._asked_at) < ASKED_EVERY:
            return
        self._asked_at = now
        try:
            self._found = await self._fetch()
            self._found_at = now
        except (DeniedError, EffectError) as failure:
            self._failure = failure
