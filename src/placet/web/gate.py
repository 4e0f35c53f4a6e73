"""How much is taken on: requests a second for each key and address, and how many at one time (attacks A57, A58).

A bucket of tokens for each name fills at a steady rate; what finds it empty is told when to come
again. Of what is let in, so many requests are worked on at one time, some more wait their turn,
and beyond them nobody is kept waiting in vain.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from math import ceil

from placet.errors import DeniedError, UnavailableError
from placet.web.addresses import group_of, is_loopback

_BURST_SECONDS = 4
_MOST_NAMES = 10_000
_WAITING_FOR_EACH = 8
_TURN_SECONDS = 10.0
_SHARE_OF_UPLOADS = 4

Seconds = Callable[[], float]
"""Tells seconds that only ever grow."""


class TooFastError(DeniedError):
    """A caller asks more often than it may; it may again after `retry_after` seconds."""

    def __init__(self, whose: str, retry_after: int) -> None:
        """Say of whom the limit is."""
        super().__init__(
            "RATE_LIMITED", f"too many requests of this {whose}", hint=f"wait {retry_after} s, then ask more slowly"
        )
        self.retry_after = retry_after


class Buckets:
    """A bucket for each name: `per_second` tokens flow in, and four seconds' worth fit. 0: no limit.

    Of more names than fit, those that were idle longest are forgotten: their buckets are full again.
    """

    def __init__(self, whose: str, per_second: int, seconds: Seconds) -> None:
        """Limit what comes by each name, which is some `whose`."""
        self._whose = whose
        self._rate = per_second
        self._room = per_second * _BURST_SECONDS
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._buckets)

    def take(self, name: str) -> None:
        """Take one token; raise `TooFastError` where there is none."""
        if self._rate:
            left = self._left(name)
            self._keep(name, left - 1 if left >= 1 else left)
            if left < 1:
                raise TooFastError(self._whose, max(1, ceil((1 - left) / self._rate)))

    def charge(self, name: str, cost: int) -> None:
        """Take `cost` tokens, more than there are if need be: they are paid for before the next is taken."""
        if self._rate:
            self._keep(name, self._left(name) - cost)

    def _left(self, name: str) -> float:
        tokens, at = self._buckets.pop(name, (float(self._room), self._seconds()))
        return min(self._room, tokens + (self._seconds() - at) * self._rate)

    def _keep(self, name: str, tokens: float) -> None:
        self._buckets[name] = (tokens, self._seconds())
        if len(self._buckets) > _MOST_NAMES:
            self._buckets.popitem(last=False)


class Queue:
    """A bounded number at one time, a bounded number waiting."""

    def __init__(self, at_once: int) -> None:
        """Let `at_once` in at one time, and eight times as many wait."""
        self.running = 0
        self.waiting = 0
        self._most_waiting = at_once * _WAITING_FOR_EACH
        self._free = asyncio.Semaphore(at_once)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and have it for the length of a `with`.

        Raise `UnavailableError` (`BUSY`) where too many wait, or the turn does not come in time.
        """
        if self._free.locked() and self.waiting >= self._most_waiting:
            raise _busy()
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._free.release()

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise _busy() from error
        finally:
            self.waiting -= 1


class Gate:
    """All limits of one process."""

    def __init__(self, *, per_key: int, per_address: int, at_once: int, seconds: Seconds) -> None:
        """Limit requests a second by key and by address, and requests at one time."""
        self.queue = Queue(at_once)
        self.uploads = Queue(max(1, at_once // _SHARE_OF_UPLOADS))
        """For bodies that are worked on while they come, at their sender's pace: nobody else waits for them."""
        self._keys = Buckets("key", per_key, seconds)
        self._addresses = Buckets("address", per_address, seconds)

    def from_address(self, address: str) -> None:
        """Count one request of an address, but not of this machine's own; raise `TooFastError`."""
        if not is_loopback(address):
            self._addresses.take(group_of(address))

    def with_key(self, credential_id: str) -> None:
        """Count a request of a key; raise `TooFastError`."""
        self._keys.take(credential_id)

    def charge_key(self, credential_id: str, cost: int) -> None:
        """Count what a key asked for as so many requests more."""
        self._keys.charge(credential_id, cost)


def _busy() -> UnavailableError:
    return UnavailableError("BUSY", "too many requests wait here already", hint="try again in a moment")
