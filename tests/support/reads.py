"""A store that tells what was read of it: how often, of what kind, and how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from typing import TypeAlias

from placet.domain.log.change import Change, Committed, EntityKey, IndexRow, Snapshot
from placet.domain.values.digest import Digest
from placet.ports.store import Store

Read: TypeAlias = tuple[str, ...]
"""The verb, and which kind of thing was read with it, a key's name left out."""


class ReadStore:
    """Implements the port over another store. `reads` lists what was asked, in order; commits are in it, too."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads: list[Read] = []

    async def load(self, keys: Collection[EntityKey]) -> Snapshot:
        kinds = Counter(_kind(key) for key in keys)
        self.reads.append(("load", *(f"{times} {kind}" for kind, times in sorted(kinds.items()))))
        return await self._store.load(keys)

    async def commit(self, change: Change) -> Committed:
        self.reads.append(("commit", *sorted(_kind(key) for key in change.premises)))
        return await self._store.commit(change)

    async def find(
        self, index: str, value: str, *, after: IndexRow | None = None, skip: int = 0, limit: int = 100
    ) -> list[IndexRow]:
        self.reads.append(("find", index))
        return await self._store.find(index, value, after=after, skip=skip, limit=limit)

    async def count(self, index: str, value: str, *, least: str = "", below: str = "") -> int:
        self.reads.append(("count", index))
        return await self._store.count(index, value, least=least, below=below)

    def entries(self, start: int, stop: int) -> AsyncIterator[bytes]:
        self.reads.append(("entries", str(stop - start)))
        return self._store.entries(start, stop)

    async def once_seq(self, once: str) -> int | None:
        self.reads.append(("once_seq", _kind(once)))
        return await self._store.once_seq(once)

    async def detached(self, digest: Digest) -> bytes:
        self.reads.append(("detached",))
        return await self._store.detached(digest)

    async def erasable(self, digest: Digest) -> bytes | None:
        self.reads.append(("erasable",))
        return await self._store.erasable(digest)

    async def checkpoint(self, size: int | None = None) -> str:
        self.reads.append(("checkpoint",))
        return await self._store.checkpoint(size)

    async def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        self.reads.append(("inclusion_proof",))
        return await self._store.inclusion_proof(seq, size)

    async def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        self.reads.append(("consistency_proof",))
        return await self._store.consistency_proof(old_size, new_size)

    async def close(self) -> None:
        await self._store.close()


def _kind(key: str) -> str:
    return key.partition("/")[0]
