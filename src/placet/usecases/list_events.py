"""List events of the Chronicle by type, package, actor and time: a page costs a page (contract 4, ADR 26).

Where some packages are hidden from the caller, their rows are passed over, and what is counted is
what the caller may see; no event of theirs is loaded.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core.context import Context
from placet.core.entities.chronicle import (
    NEWEST_FIRST,
    OF_PACKAGE,
    ChronicleEvent,
    list_prefix,
    order,
    package_in,
    place_in,
    read_event,
)
from placet.core.entities.stored import required
from placet.core.sight import Sight
from placet.domain.authorization.principal import PRINCIPAL_ID
from placet.domain.log.change import EntityKey, IndexRow
from placet.domain.log.lifecycle import CODE, EVENT_TYPE
from placet.domain.values.kinds import Visibility
from placet.domain.values.npm import parse_package_name
from placet.domain.values.time import parse_instant
from placet.errors import InvalidInputError

_PAGE = 1000
_BEHIND = "~"
"""Sorts behind whatever follows an instant in a row, and before every later row's instant."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which events: what is empty is not asked about; both times are within. And which page of them."""

    event_type: str = ""
    package: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    offset: int = 0
    limit: int = 100

    @classmethod
    def read(cls, asked: Mapping[str, str], *, offset: int = 0, limit: int = 100) -> Wanted:
        """Return what `type`, `package`, `actor`, `since` and `until` ask for, each a text or missing.

        Raise `InvalidInputError` (`EVENT_INVALID`, `NAME_INVALID`, `QUERY_INVALID`, `TIME_INVALID`).
        """
        event_type, package, actor = (asked.get(name, "") for name in ("type", "package", "actor"))
        since, until = asked.get("since", ""), asked.get("until", "")
        if event_type and re.fullmatch(EVENT_TYPE, event_type) is None:
            raise InvalidInputError(CODE, f"{event_type[:80]!a} is no event type")
        if actor and re.fullmatch(PRINCIPAL_ID, actor) is None:
            raise InvalidInputError("QUERY_INVALID", f"{actor[:80]!a} is no principal", hint="person:NAME, for example")
        return cls(
            event_type=event_type,
            package=parse_package_name(package) if package else "",
            actor=actor,
            since=parse_instant(since) if since else None,
            until=parse_instant(until) if until else None,
            offset=offset,
            limit=limit,
        )

    @property
    def prefix(self) -> str:
        """Return what the rows of the list begin with."""
        return list_prefix(event_type=self.event_type, package=self.package, actor=self.actor)

    @property
    def least(self) -> str:
        """Return what no row of the newest wanted instant is below."""
        return self.prefix + (order(self.until) if self.until else "")

    @property
    def below(self) -> str:
        """Return what every row of the oldest wanted instant is below."""
        return self.prefix + (order(self.since) if self.since else "") + _BEHIND


class EventPage(Struct, frozen=True, kw_only=True):
    """Some events, and how many there are that the caller may see."""

    events: tuple[ChronicleEvent, ...]
    total: int


async def list_events(context: Context, sight: Sight, wanted: Wanted) -> EventPage:
    """Return the events that are wanted and that the caller may see, newest first."""
    if wanted.package:
        wanted = replace(wanted, package=sight.name_for(wanted.package))
    if wanted.package or sight.sees_everything:
        rows, total = await _find(context, wanted), await _count(context, wanted)
    elif sight.default is Visibility.PUBLIC:
        rows, total = await _past_hidden(context, sight, wanted)
    else:
        rows, total = await _of_seen(context, sight, wanted)
    return EventPage(events=await _events(context, rows), total=total)


async def list_package_events(context: Context, sight: Sight, package: str, *, offset: int, limit: int) -> EventPage:
    """Return the events of one package that the caller may see, oldest first."""
    prefix = f"{sight.name_for(package)} "
    rows = await context.store.find(OF_PACKAGE, prefix, skip=offset, limit=limit)
    total = await context.store.count(OF_PACKAGE, prefix)
    return EventPage(events=await _events(context, rows), total=total)


async def _past_hidden(context: Context, sight: Sight, wanted: Wanted) -> tuple[list[IndexRow], int]:
    """Return a page where the packages that are hidden are the exception."""
    hidden = [await _count(context, replace(wanted, package=package)) for package in sight.hidden]
    seen = (row async for row in _all(context, wanted) if sight.sees(package_in(row.value)))
    rows: list[IndexRow] = []
    end = wanted.offset + wanted.limit
    async for row in seen:
        rows.append(row)
        if len(rows) == end:
            break
    return rows[wanted.offset :], await _count(context, wanted) - sum(hidden)


async def _of_seen(context: Context, sight: Sight, wanted: Wanted) -> tuple[list[IndexRow], int]:
    """Return a page where the packages that are seen are the exception: their own lists, put together."""
    lists = [replace(wanted, package=package, offset=0) async for package in _packages(context, sight)]
    end = wanted.offset + wanted.limit
    found = [row for each in lists for row in await _find(context, replace(each, limit=end))]
    found.sort(key=lambda row: place_in(row.value))
    return found[wanted.offset : end], sum([await _count(context, each) for each in lists])


async def _packages(context: Context, sight: Sight) -> AsyncIterator[str]:
    """Yield every package that has events and that the caller may see, at the cost of one look each."""
    after = None
    while rows := await context.store.find(OF_PACKAGE, "", after=after, limit=1):
        package = rows[0].value.partition(" ")[0]
        if sight.sees(package):
            yield package
        after = IndexRow(name=OF_PACKAGE, value=f"{package} {_BEHIND}", key=EntityKey(""))


async def _all(context: Context, wanted: Wanted) -> AsyncIterator[IndexRow]:
    after = IndexRow(name=NEWEST_FIRST, value=wanted.least, key=EntityKey(""))
    while rows := await context.store.find(NEWEST_FIRST, wanted.prefix, after=after, limit=_PAGE):
        for row in rows:
            if row.value >= wanted.below:
                return
            yield row
        after = rows[-1]
        await asyncio.sleep(0)  # all others have a turn in between


async def _find(context: Context, wanted: Wanted) -> list[IndexRow]:
    after = IndexRow(name=NEWEST_FIRST, value=wanted.least, key=EntityKey(""))
    rows = await context.store.find(NEWEST_FIRST, wanted.prefix, after=after, skip=wanted.offset, limit=wanted.limit)
    return [row for row in rows if row.value < wanted.below]


async def _count(context: Context, wanted: Wanted) -> int:
    return await context.store.count(NEWEST_FIRST, wanted.prefix, least=wanted.least, below=wanted.below)


async def _events(context: Context, rows: list[IndexRow]) -> tuple[ChronicleEvent, ...]:
    snapshot = await context.store.load([row.key for row in rows])
    return tuple(read_event(required(snapshot, row.key, "event")) for row in rows)
