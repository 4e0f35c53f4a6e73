"""The rows of a home in memory, for an audit (`LogRows`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from placet.adapters.memory.home import MemoryHome
from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.domain.log.merkle import Node
from placet.domain.log.rows import Counts, EntryRow
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import Digest


class MemoryRows:
    """The tables as they are; nothing is believed or corrected."""

    def __init__(self, home: MemoryHome) -> None:
        """Read `home`, which must not change meanwhile."""
        self._home = home

    def head(self) -> LogHead:
        """Return the head row."""
        return self._home.head

    def bounds(self) -> tuple[int, int]:
        """Return the least and the greatest sequence number, (0, -1) for none."""
        return 0, len(self._home.entries) - 1

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        """Return the stored entries from `start` up to `stop`-1."""
        numbers = range(start, min(stop, len(self._home.entries)))
        return [(seq, self._home.nodes[seq], self._home.entries[seq]) for seq in numbers]

    def nodes(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """Return stored hashes; empty ones where a row is missing."""
        return self._home.read_nodes(nodes)

    def roots(self, start: int, stop: int) -> Mapping[int, bytes]:
        """Return the kept roots of the sizes from `start` up to `stop`-1."""
        return {size: root for size, root in self._home.roots.items() if start <= size < stop}

    def entities(self, keys: Collection[EntityKey]) -> Mapping[EntityKey, Entity]:
        """Return the entities that are there."""
        return {key: self._home.entities[key] for key in keys if key in self._home.entities}

    def once(self, keys: Collection[str]) -> Mapping[str, int]:
        """Return the once keys that are there."""
        return {key: self._home.once[key] for key in keys if key in self._home.once}

    def indexed(self, rows: Collection[IndexRow]) -> int:
        """Return how many of the index rows are there."""
        return len(self._home.index.intersection(rows))

    def detached(self, digests: Collection[Digest]) -> Mapping[Digest, bytes]:
        """Return the detached documents that are there."""
        return {digest: self._home.detached[digest] for digest in digests if digest in self._home.detached}

    def counts(self) -> Counts:
        """Return the numbers of rows."""
        home = self._home
        return Counts(
            entities=len(home.entities), once=len(home.once), index=len(home.index), detached=len(home.detached)
        )

    def every_entity(self) -> Iterator[tuple[EntityKey, int]]:
        """Yield key and revision of every entity."""
        return ((key, entity.revision) for key, entity in self._home.entities.items())

    def every_once(self) -> Iterator[tuple[str, int]]:
        """Yield every once key."""
        return iter(self._home.once.items())

    def every_index_row(self) -> Iterator[IndexRow]:
        """Yield every index row."""
        return iter(self._home.index)

    def every_detached(self) -> Iterator[Digest]:
        """Yield the digest of every detached document."""
        return iter(self._home.detached)

    def every_erasable(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield all that is erasable and was not erased."""
        return iter(self._home.erasable.items())
