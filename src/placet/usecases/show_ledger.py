"""Show entries of the ledger, newest last, as they were written (protocol 7)."""

from __future__ import annotations

from msgspec import Struct

from placet.domain.encoding.canonical import Object
from placet.domain.log.entry import Entry, parse_entry, read_detached_data
from placet.ports.ledger import Ledger, LedgerStatus
from placet.ports.store import Store

NEWEST = 20


class ShownEntry(Struct, frozen=True, kw_only=True):
    """One entry: its exact bytes, what they say, and its `data` even where that is detached."""

    content: bytes
    entry: Entry
    data: Object


class LedgerPage(Struct, frozen=True, kw_only=True):
    """Some adjacent entries, and how the ledger stands."""

    status: LedgerStatus
    entries: tuple[ShownEntry, ...]


async def show_ledger(store: Store, ledger: Ledger, *, start: int | None = None, count: int = NEWEST) -> LedgerPage:
    """Return `count` entries from `start` on, by default the newest ones.

    Raise `InvalidInputError` for an entry that is not as Placet writes them, and `NotFoundError`
    for a detached document that is not there: `placet ledger verify` says more.
    """
    status = await ledger.status()
    first = max(status.size - count, 0) if start is None else start
    shown = [await _shown(store, content) async for content in store.entries(first, min(first + count, status.size))]
    return LedgerPage(status=status, entries=tuple(shown))


async def _shown(store: Store, content: bytes) -> ShownEntry:
    entry = parse_entry(content)
    data = entry.body.data
    if isinstance(data, str):
        data = read_detached_data(await store.detached(data))
    return ShownEntry(content=content, entry=entry, data=data)
