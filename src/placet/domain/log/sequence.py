"""The decision per group: which changes commit, in which order, as which entries (protocol 7).

Every store asks its storage for `Facts`, calls `sequence`, and writes what it says. Nothing here
knows how; so all stores decide alike, and a group of any size behaves as if its changes came one
after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from placet.domain.log.change import Change, EntityKey, IndexRow
from placet.domain.log.entry import splice
from placet.domain.log.merkle import Frontier, append, leaf_hash, root_of
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant


class LogHead(Struct, frozen=True, kw_only=True, dict=True):
    """What the next entry builds on: `leaf` is the newest entry's leaf hash."""

    size: int
    time: datetime
    epoch: str
    leaf: bytes
    frontier: Frontier

    @cached_property
    def root(self) -> bytes:
        """Return the root over all entries."""
        return root_of(self.frontier)


class Facts(Struct, kw_only=True):
    """What the storage says about a group's premises; `sequence` carries it forward.

    A revision or counter that is not there is 0, a once key that is not there was never used.
    """

    revisions: dict[EntityKey, int]
    once: dict[str, int]
    counters: dict[str, int]


class Refused(Struct, frozen=True):
    """Why a change conflicts; as `ConflictError` says it."""

    reason: str
    name: str
    first_use: int = 0


class Placed(Struct, frozen=True):
    """A change that commits: its place, its entry, and the nodes which the entry completes."""

    change: Change
    seq: int
    content: bytes
    nodes: bytes


class Effects(Struct, kw_only=True):
    """The net effect of a group on the tables, in any order of writing."""

    entities: dict[EntityKey, tuple[int, bytes]] = field(default_factory=dict)
    index: dict[IndexRow, bool] = field(default_factory=dict)
    detached: dict[Digest, bytes] = field(default_factory=dict)
    erasable: dict[Digest, bytes] = field(default_factory=dict)


def sequence(
    group: Sequence[Change], facts: Facts, head: LogHead, now: datetime
) -> tuple[list[Placed | Refused], LogHead]:
    """Decide `group` in its order, each change against what those before it left.

    Return one verdict per change and the new head. All entries of the group get one time: `now`,
    or the newest entry's time where the clock is behind it. Updates `facts` to the state after
    the group.
    """
    time = max(now, head.time)
    written = format_instant(time)
    verdicts: list[Placed | Refused] = []
    size, leaf, frontier = head.size, head.leaf, head.frontier
    for change in group:
        refused = _judge(change, facts, head.epoch, time)
        if refused:
            verdicts.append(refused)
            continue
        content = splice(change.body, prev=leaf, seq=size, time=written)
        leaf = leaf_hash(content)
        frontier, nodes = append(frontier, size, leaf)
        _carry(change, facts, size)
        verdicts.append(Placed(change, size, content, nodes))
        size += 1
    moved = LogHead(size=size, time=time, epoch=head.epoch, leaf=leaf, frontier=frontier)
    return verdicts, moved if size > head.size else head


def effects(placed: Sequence[Placed]) -> Effects:
    """Return what the tables must hold after a group; empty bytes and False mean "gone"."""
    net = Effects()
    for one in placed:
        change = one.change
        for key, content in change.writes.items():
            net.entities[key] = (one.seq, content)
        net.index.update(dict.fromkeys(change.index_out, False))
        net.index.update(dict.fromkeys(change.index_in, True))
        net.detached.update(change.detached)
        net.erasable.update(change.erasable)
    return net


def _judge(change: Change, facts: Facts, epoch: str, time: datetime) -> Refused | None:
    if change.epoch != epoch:
        return Refused("epoch", epoch)
    for once in change.once:
        if once in facts.once:
            return Refused("once", once, facts.once[once])
    for key, revision in change.premises.items():
        if facts.revisions.get(key, 0) != revision:
            return Refused("premise", key)
    for name, count in change.counters.items():
        if facts.counters.get(name, 0) + count.add > count.limit:
            return Refused("counter", name)
    if change.valid_until is not None and time >= change.valid_until:
        return Refused("expired", format_instant(change.valid_until))
    return None


def _carry(change: Change, facts: Facts, seq: int) -> None:
    for key, content in change.writes.items():
        facts.revisions[key] = seq if content else 0
    for once in change.once:
        facts.once[once] = seq
    for name, count in change.counters.items():
        facts.counters[name] = facts.counters.get(name, 0) + count.add
