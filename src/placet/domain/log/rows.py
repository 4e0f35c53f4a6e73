"""What an audit is given and what it finds: raw rows on one side, findings on the other (protocol 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NoReturn, Protocol

from msgspec import Struct

from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.domain.log.merkle import Node
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import Digest

EntryRow = tuple[int, bytes, bytes]
"""Sequence number, nodes and bytes of one stored entry."""


class Layer(StrEnum):
    """Where an audit found a contradiction."""

    SEQUENCE = "sequence"
    CHAIN = "chain"
    TREE = "tree"
    CHECKPOINT = "checkpoint"
    ENTRY = "entry"
    STATE = "state"
    INDEX = "index"
    ONCE = "once"
    DETACHED = "detached"
    ERASABLE = "erasable"
    HEAD = "head"
    ANCHOR = "anchor"


class Finding(Struct, frozen=True):
    """The first contradiction: its layer, the first bad sequence number, and a sentence."""

    layer: Layer
    seq: int
    message: str


class ContradictionError(Exception):
    """Carries the first finding of a stretch of the log to the audit, which reports it."""

    def __init__(self, finding: Finding) -> None:
        """Keep the finding."""
        super().__init__(finding.message)
        self.finding = finding


def contradict(layer: Layer, seq: int, message: str) -> NoReturn:
    """Raise the contradiction."""
    raise ContradictionError(Finding(layer, seq, message))


class Counts(Struct, frozen=True, kw_only=True):
    """How many rows the tables hold that entries vouch for."""

    entities: int
    once: int
    index: int
    detached: int


class LogRows(Protocol):
    """All rows of a log, as they are together at one moment. Nothing in them is believed."""

    def head(self) -> LogHead:
        """Return the head row."""
        ...

    def bounds(self) -> tuple[int, int]:
        """Return the least and the greatest sequence number of the stored entries, (0, -1) for none."""
        ...

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        """Return the stored entries from `start` up to `stop`-1, by sequence number."""
        ...

    def nodes(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """Return stored hashes (a `NodeReader`)."""
        ...

    def roots(self, start: int, stop: int) -> Mapping[int, bytes]:
        """Return the kept roots of the sizes from `start` up to `stop`-1."""
        ...

    def entities(self, keys: Collection[EntityKey]) -> Mapping[EntityKey, Entity]:
        """Return the entities that are there under `keys`."""
        ...

    def once(self, keys: Collection[str]) -> Mapping[str, int]:
        """Return the sequence numbers of the once keys that are there."""
        ...

    def indexed(self, rows: Collection[IndexRow]) -> int:
        """Return how many of the (distinct) index rows are there."""
        ...

    def detached(self, digests: Collection[Digest]) -> Mapping[Digest, bytes]:
        """Return the detached documents that are there."""
        ...

    def counts(self) -> Counts:
        """Return the numbers of rows."""
        ...

    def every_entity(self) -> Iterator[tuple[EntityKey, int]]:
        """Yield key and revision of every entity."""
        ...

    def every_once(self) -> Iterator[tuple[str, int]]:
        """Yield every once key and its sequence number."""
        ...

    def every_index_row(self) -> Iterator[IndexRow]:
        """Yield every index row."""
        ...

    def every_detached(self) -> Iterator[Digest]:
        """Yield the digest of every detached document."""
        ...

    def every_erasable(self) -> Iterable[tuple[Digest, bytes]]:
        """Yield digest and bytes of all that is erasable and was not erased."""
        ...
