"""A change: everything that one decision wants to commit, and the premises it rests on (protocol 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, NewType

from msgspec import Struct, field

from placet.domain.values.digest import Digest

EntityKey = NewType("EntityKey", str)
"""`kind/identity`, printable ASCII, at most 512 characters, for example `receipt/fc-receipt-…`."""


class Entity(Struct, frozen=True, kw_only=True):
    """What is stored under a key: the `seq` of the entry that wrote it, and its exact bytes.

    An absent entity has revision 0 and no bytes.
    """

    revision: int
    content: bytes


ABSENT = Entity(revision=0, content=b"")


class IndexRow(NamedTuple):
    """One way to find an entity for people: an index's name, a value in it, and the entity."""

    name: str
    value: str
    key: EntityKey


class Count(Struct, frozen=True, kw_only=True):
    """How much a change adds to a counter, and the sum that the counter may not exceed."""

    add: int
    limit: int


class Change(Struct, frozen=True, kw_only=True):
    """One atomic step of the state, with its premises and its one entry.

    It commits only if the store's epoch is `epoch`, every entity of `premises` still has its
    revision, no once key was used before, no counter passes its limit, and the time stamped on
    the group is before `valid_until` (where given): each judged in the order of its group,
    against what those before it left.

    `body` is the entry's body, canonical bytes; it names in `state` and `once` exactly what
    `writes` and `once` hold. Writing empty bytes deletes. Keys of `writes` are among `premises`.
    `detached` and `erasable` are bytes that the body names by digest.
    """

    epoch: str
    premises: Mapping[EntityKey, int]
    writes: Mapping[EntityKey, bytes]
    body: bytes
    once: tuple[str, ...]
    index_out: tuple[IndexRow, ...] = ()
    index_in: tuple[IndexRow, ...] = ()
    counters: Mapping[str, Count] = field(default_factory=dict)
    valid_until: datetime | None = None
    detached: Mapping[Digest, bytes] = field(default_factory=dict)
    erasable: Mapping[Digest, bytes] = field(default_factory=dict)


class Head(Struct, frozen=True, kw_only=True):
    """The newest state of a log: how many entries, when the newest was stamped, which epoch."""

    size: int
    time: datetime
    epoch: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """Entities as they were together at `head`; every key that was asked for is there."""

    head: Head
    entities: Mapping[EntityKey, Entity]


class Committed(Struct, frozen=True, kw_only=True):
    """A durable change: the sequence number and time of its entry, and the checkpoint over it."""

    seq: int
    time: datetime
    leaf_hash: bytes
    checkpoint: str
