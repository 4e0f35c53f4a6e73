"""How denials become entries: each one, or repeats together where anybody may send as many as they like (protocol 4).

A single command records each. A service is asked by strangers: there the first denial of its kind
is recorded before it is answered, repeats of it are counted and recorded together within a minute,
and all of it is at most sixty entries in any minute, whatever comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.encoding.canonical import Object

MOST_A_MINUTE = 60
MOST_AT_ONCE = 40
"""So many of them for denials that are new: the others are for what was counted."""
MOST_KINDS = 256
_MINUTE = timedelta(minutes=1)
_SEVERAL = "unverified:several"


class Denied(Struct, frozen=True, kw_only=True):
    """A denial that is to be recorded: what its entry will say, and when it was.

    `source` tells apart who asked, and is never recorded. `times` is how many there were since `since`.
    """

    code: str
    sentence: str
    alert: bool
    checks: Object
    receipt_id: str
    shown: str
    actor: str
    run_id: str
    operation_id: str
    source: str
    since: datetime
    times: int = 1

    @property
    def kind(self) -> tuple[str, ...]:
        """Return what repeats have in common: source, code and receipt, and what it was about."""
        return self.source, self.code, self.receipt_id, self.run_id, self.operation_id

    def among_many(self) -> Denied:
        """Return it as one of many of its code, when there are more kinds than can be told apart."""
        return replace(
            self,
            sentence="denials of many kinds, counted together",
            checks={},
            receipt_id="",
            shown="",
            actor=_SEVERAL,
            run_id="",
            operation_id="",
            source="",
        )

    def and_more(self, more: Denied) -> Denied:
        """Return it with `more` of its kind."""
        return replace(self, times=self.times + more.times, since=min(self.since, more.since))


Write: TypeAlias = Callable[[Denied], Awaitable[None]]
"""Makes one entry; raises `UnavailableError` where the ledger cannot take it."""
_Kind: TypeAlias = tuple[str, ...]


class Recorder(Protocol):
    """Decides when a denial becomes an entry."""

    async def take(self, denied: Denied, write: Write) -> None:
        """Record `denied` now, or count it for later. Raise as `write`."""
        ...


class EachDenial:
    """Records each at once."""

    async def take(self, denied: Denied, write: Write) -> None:
        """Write an entry."""
        await write(denied)


class DenialBundles:
    """Records the first of a kind at once and counts its repeats. Whoever owns it calls `flush` every minute.

    What it holds is bounded: so many kinds, and beyond them one for each code.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._fresh: set[_Kind] = set()
        self._counted: dict[_Kind, Denied] = {}
        self._written: deque[datetime] = deque(maxlen=MOST_A_MINUTE)

    @property
    def pending(self) -> int:
        """Return how many denials wait to be recorded."""
        return sum(each.times for each in self._counted.values())

    async def take(self, denied: Denied, write: Write) -> None:
        """Record the first of its kind at once, as far as a minute has room for it, and count every other."""
        known = denied.kind in self._fresh or denied.kind in self._counted
        if known or self._in_last_minute(denied.since) >= MOST_AT_ONCE:
            self._count(denied)
            return
        self._fresh.add(denied.kind)
        self._written.append(denied.since)
        try:
            await write(denied)
        except BaseException:  # raised on: the next of its kind is tried at once again
            self._fresh.discard(denied.kind)
            raise

    async def flush(self, now: datetime, write: Write) -> None:
        """Record what was counted, as much as this minute has room for, and most of all what somebody should see.

        Call it every minute. Raise as `write`; what was not recorded is kept.
        """
        self._fresh.clear()
        room = MOST_A_MINUTE - self._in_last_minute(now)
        for each in sorted(self._counted.values(), key=_urgency)[: max(0, room)]:
            await self._write_counted(each.kind, now, write)

    async def close(self, now: datetime, write: Write) -> None:
        """Record all that was counted, by code alone where it is much. Raise as `write`."""
        if len(self._counted) > MOST_A_MINUTE - MOST_AT_ONCE:
            self._counted = _merged(each.among_many() for each in self._counted.values())
        for kind in list(self._counted):
            await self._write_counted(kind, now, write)

    async def _write_counted(self, kind: _Kind, now: datetime, write: Write) -> None:
        counted = self._counted.pop(kind)
        self._written.append(now)
        try:
            await write(counted)
        except BaseException:  # raised on: it is tried again with the next flush
            self._count(counted)
            raise

    def _count(self, denied: Denied) -> None:
        room = denied.kind in self._counted or len(self._counted) < MOST_KINDS
        counted = denied if room else denied.among_many()
        before = self._counted.get(counted.kind)
        self._counted[counted.kind] = before.and_more(counted) if before else counted

    def _in_last_minute(self, now: datetime) -> int:
        return sum(1 for written in self._written if written > now - _MINUTE)


def _urgency(denied: Denied) -> tuple[bool, int]:
    return not denied.alert, -denied.times


def _merged(many: Iterable[Denied]) -> dict[_Kind, Denied]:
    merged: dict[_Kind, Denied] = {}
    for each in many:
        merged[each.kind] = merged[each.kind].and_more(each) if each.kind in merged else each
    return merged
