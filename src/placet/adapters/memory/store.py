"""The store in memory: the reference implementation of `Store` and `Ledger` (protocol 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum

from placet.adapters.memory.home import MemoryHome
from placet.adapters.memory.rows import MemoryRows
from placet.adapters.sequencer.groups import Groups, Verdict
from placet.adapters.sequencer.keeper import Keeper
from placet.domain.log import merkle
from placet.domain.log.change import ABSENT, Change, Committed, Entity, EntityKey, Head, IndexRow, Snapshot
from placet.domain.log.checkpoint import CheckpointKey, CheckpointSigner, parse_origin
from placet.domain.log.entry import genesis
from placet.domain.log.sequence import Facts, LogHead, Placed, Refused, effects, sequence
from placet.domain.values.digest import Digest
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import InvalidInputError, NotFoundError
from placet.ports.anchor import Anchor
from placet.ports.ledger import LedgerStatus
from placet.ports.store import ConflictError, OutcomeUnknownError
from placet.ports.world import Clock


class Fault(StrEnum):
    """How a commit fails when it is told to: before anything is kept, or after everything is."""

    BEFORE = "before"
    AFTER = "after"


FaultOf = Callable[[Change], Fault | None]
"""Says for each change whether writing its group fails, and when."""


def _no_fault(_: Change) -> None:
    return None


class MemoryStore:
    """A log in memory. Everything it promises is promised by every other store."""

    def __init__(
        self, home: MemoryHome, signer: CheckpointSigner, anchor: Anchor, clock: Clock, *, fault_of: FaultOf = _no_fault
    ) -> None:
        """Open `home`; `fault_of` makes commits fail with `OutcomeUnknownError`, before or after writing."""
        self._home = home
        self._clock = clock
        self._fault_of = fault_of
        self._keeper = Keeper.of(home.entries[0], home.head.epoch, signer, anchor)
        self._keeper.watch(lambda: home.head, home.root_at)
        self._groups = Groups(self._write)

    @classmethod
    def create(
        cls, *, origin: str, signer: CheckpointSigner, anchor: Anchor, clock: Clock, fault_of: FaultOf = _no_fault
    ) -> MemoryStore:
        """Open a new log of `origin`: its first entry and its first anchor."""
        time = cut_to_milliseconds(clock.now())
        key = CheckpointKey(origin=parse_origin(origin), public_key=signer.public_key)
        content = genesis(origin=origin, vkey=key.vkey(), time=time)
        leaf = merkle.leaf_hash(content)
        frontier, nodes = merkle.append((), 0, leaf)
        home = MemoryHome(LogHead(size=1, time=time, epoch=origin, leaf=leaf, frontier=frontier))
        home.append(content, nodes)
        home.roots[1] = home.head.root
        Keeper(key, signer, anchor).acknowledge(home.head, lambda: home.head, home.root_at)
        return cls(home, signer, anchor, clock, fault_of=fault_of)

    @property
    def home(self) -> MemoryHome:
        """Return the tables, to open them again or to look at them."""
        return self._home

    async def load(self, keys: Collection[EntityKey]) -> Snapshot:
        """Return the entities under `keys` and the head, all of one moment."""
        head = self._home.head
        self._keeper.glimpse(head.size)
        entities = {key: self._home.entities.get(key, ABSENT) for key in keys}
        return Snapshot(head=Head(size=head.size, time=head.time, epoch=head.epoch), entities=entities)

    async def commit(self, change: Change) -> Committed:
        """Write `change` and its entry, as `Store.commit` says."""
        return await self._groups.commit(change)

    async def adopt(self, change: Change) -> Committed:
        """Commit `change` although the anchor is missing, as `Ledger.adopt` says."""
        return await self._groups.commit(change, adopting=True)

    async def find(
        self, index: str, value: str, *, after: IndexRow | None = None, skip: int = 0, limit: int = 100
    ) -> list[IndexRow]:
        """Return index rows whose value starts with `value`, in order, after the row `after`."""
        rows = (row for row in self._home.index if row.name == index and row.value.startswith(value))
        behind = sorted((row.value, row.key) for row in rows)
        place = (after.value, after.key) if after else ("", "")
        found = [IndexRow(name=index, value=v, key=key) for v, key in behind if (v, key) > place]
        return found[skip : skip + limit]

    async def count(self, index: str, value: str, *, least: str = "", below: str = "") -> int:
        """Return how many index rows have a value that starts with `value`, from `least` on and below `below`."""
        values = [row.value for row in self._home.index if row.name == index and row.value.startswith(value)]
        return sum(each >= least and (not below or each < below) for each in values)

    async def entries(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the exact bytes of entries `start`…`stop`-1, in order."""
        for content in self._home.entries[start:stop]:
            yield content

    async def once_seq(self, once: str) -> int | None:
        """Return the sequence number of the entry that used a once key, or None."""
        return self._home.once.get(once)

    async def detached(self, digest: Digest) -> bytes:
        """Return detached bytes by digest, or raise `NotFoundError` (`DETACHED_NOT_FOUND`)."""
        if digest not in self._home.detached:
            raise NotFoundError("DETACHED_NOT_FOUND", f"nothing was detached under {digest}")
        return self._home.detached[digest]

    async def erasable(self, digest: Digest) -> bytes | None:
        """Return erasable bytes by digest, or None where they were erased."""
        return self._home.erasable.get(digest)

    async def checkpoint(self, size: int | None = None) -> str:
        """Return the signed note of the head, or of an earlier group's end at `size`."""
        at = self._home.head.size if size is None else size
        if at not in self._home.roots:
            raise NotFoundError("CHECKPOINT_NOT_FOUND", f"no group of entries ended at size {at}")
        return self._keeper.sign(at, self._home.roots[at])

    async def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the RFC 6962 audit path of entry `seq` in the tree of `size` entries."""
        if not 0 <= seq < size <= self._home.head.size:
            raise InvalidInputError("PROOF_OUT_OF_RANGE", f"there is no entry {seq} in a tree of {size} entries")
        return merkle.inclusion_proof(seq, size, self._home.read_nodes)

    async def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """Return the RFC 6962 consistency proof between two sizes."""
        if not 0 <= old_size <= new_size <= self._home.head.size:
            raise InvalidInputError("PROOF_OUT_OF_RANGE", f"the log did not grow from {old_size} to {new_size}")
        return merkle.consistency_proof(old_size, new_size, self._home.read_nodes)

    async def status(self) -> LedgerStatus:
        """Return the state of the head now, checked against the anchor."""
        seal = self._keeper.watch(lambda: self._home.head, self._home.root_at)
        head, key = self._home.head, self._keeper.key
        return LedgerStatus(
            origin=head.epoch, size=head.size, root=head.root, time=head.time, vkey=key.vkey(), seal=seal
        )

    async def observe(self, note: str) -> None:
        """Compare the log with a signed note that was kept elsewhere, as `Ledger.observe` says."""
        self._keeper.observe(note, self._home.head, self._home.root_at)

    def kept_notes(self) -> tuple[str, ...]:
        """Return the notes in the anchor, believed in nothing."""
        return self._keeper.kept_notes()

    @contextmanager
    def audit_rows(self) -> Iterator[MemoryRows]:
        """Open a copy of all rows for verification, also in a thread."""
        yield MemoryRows(self._home.copy())

    async def close(self) -> None:
        """Finish what was accepted."""
        await self._groups.finish()
        self._keeper.close()

    async def _write(self, group: Sequence[Change], adopting: bool) -> list[Verdict]:  # noqa: FBT001 - `WriteGroup`
        home = self._home
        self._keeper.admit(home.head, home.root_at, adopting=adopting)
        facts = Facts(
            revisions={
                key: home.entities[key].revision for one in group for key in one.premises if key in home.entities
            },
            once={once: home.once[once] for one in group for once in one.once if once in home.once},
            counters={name: home.counters.get(name, 0) for one in group for name in one.counters},
        )
        verdicts, head = sequence(group, facts, home.head, cut_to_milliseconds(self._clock.now()))
        placed = [verdict for verdict in verdicts if isinstance(verdict, Placed)]
        if not placed:
            return [_verdict(verdict, head, "") for verdict in verdicts]
        faults = {self._fault_of(change) for change in group}
        if Fault.BEFORE in faults:
            raise OutcomeUnknownError("AUDIT_UNAVAILABLE", "the commit failed; it is not known what was kept")
        self._keep(placed, facts, head)
        if Fault.AFTER in faults:
            raise OutcomeUnknownError("AUDIT_UNAVAILABLE", "the commit failed; it is not known what was kept")
        self._keeper.saw(head)
        note = self._keeper.acknowledge(head, lambda: home.head, home.root_at)
        return [_verdict(verdict, head, note) for verdict in verdicts]

    def _keep(self, placed: Sequence[Placed], facts: Facts, head: LogHead) -> None:
        home, net = self._home, effects(placed)
        for one in placed:
            home.append(one.content, one.nodes)
        for key, (revision, content) in net.entities.items():
            home.entities[key] = Entity(revision=revision, content=content)
            if not content:
                del home.entities[key]
        home.index -= {row for row, present in net.index.items() if not present}
        home.index |= {row for row, present in net.index.items() if present}
        home.once |= facts.once
        home.counters |= facts.counters
        home.detached |= net.detached
        home.erasable |= net.erasable
        home.roots[head.size] = head.root
        home.head = head


def _verdict(verdict: Placed | Refused, head: LogHead, note: str) -> Verdict:
    if isinstance(verdict, Refused):
        return ConflictError(verdict.reason, verdict.name, first_use=verdict.first_use)
    leaf = verdict.nodes[: merkle.HASH_BYTES]
    return Committed(seq=verdict.seq, time=head.time, leaf_hash=leaf, checkpoint=note)
