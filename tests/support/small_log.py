"""A log in memory, written by hand: entries, proofs and checkpoints without any store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from placet.domain.encoding.canonical import Object
from placet.domain.log import merkle
from placet.domain.log.checkpoint import Checkpoint
from placet.domain.log.entry import NO_LEAF, encode_body, encode_data, splice
from placet.domain.values.digest import sha256
from placet.domain.values.time import format_instant
from placet.domain.verification.bundle import LoggedEntry
from support.ledgers import ORIGIN

START = datetime(2026, 1, 2, 3, 10, tzinfo=UTC)
REQUESTER = "ci:github:acme/tool"


class Event(Struct):
    """One entry to be: its type and data, and whether the data is detached."""

    type: str
    data: Object
    detached: bool = False


class TestLog(Struct):
    """A log in memory."""

    __test__ = False

    entries: list[bytes] = field(default_factory=list)
    details: dict[int, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def append(self, name: str, event: Event) -> None:
        """Append an event one second after the one before."""
        seq = len(self.entries)
        document = encode_data(event.data)
        body = encode_body(
            {
                "id": f"evt_{seq}",
                "type": event.type,
                "actor": REQUESTER,
                "subject": "",
                "data": {"detached": sha256(document)} if event.detached else event.data,
                "state": [],
                "once": [],
            }
        )
        prev = merkle.leaf_hash(self.entries[-1]) if self.entries else NO_LEAF
        time = format_instant(START + timedelta(seconds=seq))
        self.entries.append(splice(body, prev=prev, seq=seq, time=time))
        if event.detached:
            self.details[seq] = document
        if name:
            self.places[name] = seq

    def checkpoint(self) -> Checkpoint:
        """Return what the log states about itself."""
        size = len(self.entries)
        return Checkpoint(origin=ORIGIN, size=size, root=merkle.root_at(size, self._read))

    def proven(self, seq: int) -> LoggedEntry:
        """Return an entry with its proof."""
        proof = merkle.inclusion_proof(seq, len(self.entries), self._read)
        return LoggedEntry(entry=self.entries[seq], data=self.details.get(seq, b""), proof=tuple(proof))

    def _read(self, nodes: Sequence[merkle.Node]) -> list[bytes]:
        return [self._node(node.level, node.number) for node in nodes]

    def _node(self, level: int, number: int) -> bytes:
        if level == 0:
            return merkle.leaf_hash(self.entries[number])
        return merkle.node_hash(self._node(level - 1, 2 * number), self._node(level - 1, 2 * number + 1))


def logged(events: dict[str, Event], noise: int) -> TestLog:
    """Return a log that holds the events, and other entries before and after."""
    log = TestLog()
    for number in range(noise):
        log.append("", Event("run.requested", {"number": number}))
    for name, event in events.items():
        log.append(name, event)
    for number in range(noise):
        log.append("", Event("run.executed", {"number": number}))
    return log
