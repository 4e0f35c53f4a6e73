"""A log with something in every table, and hands that change it behind the store's back."""

from __future__ import annotations

from copy import deepcopy

from placet.adapters.memory.home import MemoryHome
from placet.adapters.memory.rows import MemoryRows
from placet.domain.encoding.canonical import Object
from placet.domain.log import merkle
from placet.domain.log.audit import AuditReport, audit
from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.domain.log.checkpoint import Checkpoint, sign_checkpoint
from placet.domain.log.entry import NO_LEAF, splice
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import salted_digest
from placet.domain.values.time import parse_instant
from placet.ports.store import Store
from support.ledgers import ORIGIN, SIGNER, InMemory, SetClock, fill, key, put, run, spent, thing

ERASED = salted_digest(b"salt", b"alice@example.com")


async def write_everything(store: Store, clock: SetClock) -> None:
    """Commit entries that together use every table: 1…26, the newest at 26."""
    await fill(store, 20)
    clock.move(seconds=1)
    await put(store, 21, {"gone": thing(1, ("number", "gone"))})
    await put(store, 22, {"gone": None})
    await put(store, 23, {"thing/0001": thing(23, ("number", "again"))}, counters=spent(9))
    await put(store, 24, {}, data={"long": "x" * 5000}, erasable={ERASED: b"saltalice@example.com"})
    many: dict[str, Object | None] = {f"many/{number:03}": thing(number) for number in range(60)}
    await put(store, 25, many)
    clock.move(seconds=1)
    await put(store, 26, {"last": thing(26)})


def full_home() -> InMemory:
    """Return a home in memory whose log has something in every table."""
    home = InMemory()
    run(write_everything(home.create(), home.clock))
    return home


def copy_of(home: InMemory) -> MemoryHome:
    """Return tables that may be changed."""
    assert home.tables is not None
    return deepcopy(home.tables)


def verify(tables: MemoryHome, home: InMemory, *, full: bool = True) -> AuditReport:
    """Verify changed tables against the anchor of the home that they were copied from."""
    return audit(MemoryRows(tables), list(home.anchor.notes.values()), full=full)


def found(report: AuditReport) -> tuple[str, int] | None:
    """Return layer and sequence number of the finding, if there is one."""
    return (report.finding.layer.value, report.finding.seq) if report.finding else None


def flip(content: bytes, at: int = -1, bit: int = 1) -> bytes:
    """Return `content` with one bit of one byte changed."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]


def put_entity(tables: MemoryHome, name: str, revision: int) -> None:
    """Write a row that no entry vouches for."""
    tables.entities[key(name)] = Entity(revision=revision, content=b"{}")


def index_row(name: str, value: str) -> IndexRow:
    """Return a row of the index `number`."""
    return IndexRow(name="number", value=value, key=key(name))


def insert_entry(tables: MemoryHome, at: int, copied_from: int) -> None:
    """Put a copy of an entry before another, moving all behind it."""
    tables.entries.insert(at, tables.entries[copied_from])
    tables.nodes.insert(at, tables.nodes[copied_from])


def delete_entry(tables: MemoryHome, at: int) -> None:
    """Take an entry out, moving all behind it."""
    del tables.entries[at], tables.nodes[at]


def swap_entries(tables: MemoryHome, one: int, two: int) -> None:
    """Exchange the bytes of two entries."""
    tables.entries[one], tables.entries[two] = tables.entries[two], tables.entries[one]


def change_entity(tables: MemoryHome, name: str, *, revision: int | None = None, content: bytes | None = None) -> None:
    """Change the row of one entity."""
    old = tables.entities[EntityKey(name)]
    tables.entities[key(name)] = Entity(
        revision=old.revision if revision is None else revision, content=old.content if content is None else content
    )


def rewrite(tables: MemoryHome, entries: list[bytes]) -> None:
    """Write a whole history anew, as somebody with the database but without the signing key can.

    Chain, nodes, roots and head all fit; only the anchors of others contradict.
    """
    bodies = [content[len(b'{"body":') : content.rindex(b',"prev":"')] for content in entries]
    times = [content[-32:-8].decode() for content in entries]
    tables.entries, tables.nodes = [], []
    frontier: merkle.Frontier = ()
    leaf, kept = NO_LEAF, set(tables.roots)
    tables.roots = {}
    for seq, (body, time) in enumerate(zip(bodies, times, strict=True)):
        content = splice(body, prev=leaf, seq=seq, time=time)
        leaf = merkle.leaf_hash(content)
        frontier, nodes = merkle.append(frontier, seq, leaf)
        tables.append(content, nodes)
        if seq + 1 in kept or seq + 1 == len(bodies):
            tables.roots[seq + 1] = merkle.root_of(frontier)
    tables.head = LogHead(size=len(bodies), time=parse_instant(times[-1]), epoch=ORIGIN, leaf=leaf, frontier=frontier)


def note_of(tables: MemoryHome, size: int) -> str:
    """Return the checkpoint of an earlier size, as somebody may have kept it."""
    return sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=tables.root_at(size)), SIGNER)
