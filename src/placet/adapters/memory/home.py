"""The tables of a log in memory."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from msgspec import Struct, field
from msgspec.structs import fields

from placet.domain.log import merkle
from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import Digest


class MemoryHome(Struct):
    """The tables. Two stores over one home are two processes over one database."""

    head: LogHead
    entries: list[bytes] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    entities: dict[EntityKey, Entity] = field(default_factory=dict)
    once: dict[str, int] = field(default_factory=dict)
    index: set[IndexRow] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    detached: dict[Digest, bytes] = field(default_factory=dict)
    erasable: dict[Digest, bytes] = field(default_factory=dict)

    def copy(self) -> MemoryHome:
        """Return the tables as they are now; what is written later is not in them."""
        tables = {each.name: copy(getattr(self, each.name)) for each in fields(self)}
        return MemoryHome(**tables)

    def read_nodes(self, nodes: Sequence[merkle.Node]) -> list[bytes]:
        """Return the hashes of `nodes`, empty ones where a row is missing."""
        size = merkle.HASH_BYTES
        held = (self.nodes[node.written_by] if node.written_by < len(self.nodes) else b"" for node in nodes)
        return [row[size * node.level :][:size] for row, node in zip(held, nodes, strict=True)]

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` entries."""
        return merkle.root_at(size, self.read_nodes)

    def append(self, content: bytes, nodes: bytes) -> None:
        """Write one entry and the nodes that it completes."""
        self.entries.append(content)
        self.nodes.append(nodes)
