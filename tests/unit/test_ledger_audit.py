"""The audit names the first contradiction, its layer and its sequence number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from placet.adapters.memory.home import MemoryHome
from placet.adapters.memory.rows import MemoryRows
from placet.domain.log.audit import audit, conclude, verify_stretch
from placet.domain.log.checkpoint import Checkpoint, CheckpointKey, sign_checkpoint
from placet.domain.log.entry import genesis
from placet.domain.log.rows import EntryRow
from placet.domain.values.digest import sha256
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, SIGNER, START, InMemory, key
from support.tampering import (
    ERASED,
    change_entity,
    copy_of,
    delete_entry,
    flip,
    found,
    full_home,
    index_row,
    insert_entry,
    note_of,
    put_entity,
    rewrite,
    swap_entries,
    verify,
)

SIZE = 27
Tamper = Callable[[MemoryHome], object]


@pytest.fixture(scope="module")
def home() -> InMemory:
    return full_home()


def set_head(tables: MemoryHome, **members: object) -> None:
    tables.head = replace(tables.head, **members)


def edit_with_nodes(tables: MemoryHome, seq: int) -> None:
    """Edit an entry and store its new hash beside it."""
    tables.entries[seq] = tables.entries[seq].replace(b"person:alice", b"person:mally")
    tables.nodes[seq] = sha_of(tables.entries[seq]) + tables.nodes[seq][32:]


def sha_of(content: bytes) -> bytes:
    return bytes.fromhex(sha256(b"\0" + content).removeprefix("sha256:"))


CHAIN: list[tuple[str, Tamper, tuple[str, int]]] = [
    ("an edited byte", lambda t: t.entries.__setitem__(7, flip(t.entries[7], 30)), ("chain", 7)),
    ("an edited byte at the end", lambda t: t.entries.__setitem__(7, flip(t.entries[7])), ("chain", 7)),
    ("an edited previous hash", lambda t: t.entries.__setitem__(7, flip(t.entries[7], -70)), ("chain", 7)),
    ("an edited entry with its hash", lambda t: edit_with_nodes(t, 6), ("chain", 6)),
    ("an edited entry with its hash and not those above", lambda t: edit_with_nodes(t, 7), ("tree", 7)),
    ("an edited last entry with its hash", lambda t: edit_with_nodes(t, 26), ("checkpoint", 26)),
    ("an edited first entry", lambda t: t.entries.__setitem__(0, flip(t.entries[0], 60)), ("chain", 0)),
    ("a deleted entry", lambda t: delete_entry(t, 7), ("sequence", 7)),
    ("a missing last entry", lambda t: delete_entry(t, 26), ("sequence", 26)),
    (
        "an inserted entry",
        lambda t: insert_entry(t, 7, 3),
        ("sequence", 7),
    ),
    ("a repeated entry", lambda t: insert_entry(t, 27, 26), ("sequence", 27)),
    ("two swapped entries", lambda t: swap_entries(t, 7, 8), ("sequence", 7)),
    ("an emptied entry", lambda t: t.entries.__setitem__(7, b""), ("sequence", 7)),
    ("an edited leaf hash", lambda t: t.nodes.__setitem__(7, flip(t.nodes[7], 0)), ("chain", 7)),
    ("an edited inner node", lambda t: t.nodes.__setitem__(7, flip(t.nodes[7], 40)), ("tree", 7)),
    ("a missing inner node", lambda t: t.nodes.__setitem__(7, t.nodes[7][:-32]), ("tree", 7)),
    ("an edited root", lambda t: t.roots.__setitem__(11, flip(t.roots[11])), ("checkpoint", 10)),
    ("a root of no group", lambda t: t.roots.__setitem__(5, bytes(32)), ("checkpoint", 4)),
    ("a root beyond the head", lambda t: t.roots.__setitem__(28, bytes(32)), ("checkpoint", 27)),
    ("no root for the head", lambda t: t.roots.pop(27), ("checkpoint", 26)),
    ("another head leaf", lambda t: set_head(t, leaf=bytes(32)), ("head", 26)),
    ("another head time", lambda t: set_head(t, time=START), ("head", 26)),
    ("another head epoch", lambda t: set_head(t, epoch="other"), ("head", 0)),
    ("another frontier", lambda t: set_head(t, frontier=()), ("head", 26)),
    ("a head that is too small", lambda t: set_head(t, size=26), ("sequence", 26)),
    ("a head that is too large", lambda t: set_head(t, size=28), ("sequence", 27)),
]


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(("tamper", "expected"), [case[1:] for case in CHAIN], ids=[case[0] for case in CHAIN])
def test_bytes_chain_tree_checkpoints_and_head(
    home: InMemory, full: bool, tamper: Tamper, expected: tuple[str, int]
) -> None:
    tables = copy_of(home)
    tamper(tables)
    assert found(verify(tables, home, full=full)) == expected


TABLES: list[tuple[str, Tamper, tuple[str, int]]] = [
    ("edited state", lambda t: change_entity(t, "thing/0007", content=b'{"index":[],"value":8}'), ("state", 7)),
    ("a deleted entity", lambda t: t.entities.pop(key("thing/0007")), ("state", 7)),
    ("an older revision", lambda t: change_entity(t, "thing/0001", revision=1), ("state", 1)),
    ("an older row", lambda t: change_entity(t, "thing/0001", revision=5), ("state", 23)),
    ("a newer revision", lambda t: change_entity(t, "thing/0007", revision=9), ("state", 9)),
    ("a revision beyond the head", lambda t: change_entity(t, "thing/0007", revision=99), ("state", SIZE)),
    ("a deleted entity that is back", lambda t: put_entity(t, "gone", 21), ("state", 21)),
    ("an older deleted entity", lambda t: put_entity(t, "gone", 20), ("state", 21)),
    ("a deleted entity written anew", lambda t: put_entity(t, "gone", 22), ("state", 22)),
    ("an entity that nobody wrote", lambda t: put_entity(t, "new", 4), ("state", 4)),
    ("an entity of a detached state", lambda t: change_entity(t, "many/007", content=b"{}"), ("state", 25)),
    ("an entity beside a detached state", lambda t: put_entity(t, "new", 25), ("state", 25)),
    ("a missing index row", lambda t: t.index.remove(index_row("thing/0007", "0007")), ("index", 7)),
    ("an index row too many", lambda t: t.index.add(index_row("thing/0007", "9")), ("index", 7)),
    ("an index row of nothing", lambda t: t.index.add(index_row("new", "9")), ("index", SIZE)),
    ("a missing once key", lambda t: t.once.pop("effect/7"), ("once", 7)),
    ("a once key of another entry", lambda t: t.once.__setitem__("effect/7", 8), ("once", 7)),
    ("a once key that nobody used", lambda t: t.once.__setitem__("effect/99", 9), ("once", 9)),
    ("a once key beyond the head", lambda t: t.once.__setitem__("effect/99", 99), ("once", SIZE)),
    ("edited detached data", lambda t: edit_detached(t, b'"long"', b'"lang"'), ("detached", 24)),
    ("missing detached data", lambda t: drop_detached(t, b'{"data"'), ("detached", 24)),
    ("missing detached state", lambda t: drop_detached(t, b'{"state"'), ("detached", 25)),
    ("a document that nobody detached", lambda t: t.detached.__setitem__(sha256(b"x"), b"x"), ("detached", SIZE)),
    ("edited erasable bytes", lambda t: t.erasable.__setitem__(ERASED, b"saltmally@example.com"), ("erasable", SIZE)),
]


def edit_detached(tables: MemoryHome, old: bytes, new: bytes) -> None:
    tables.detached = {digest: content.replace(old, new) for digest, content in tables.detached.items()}


def drop_detached(tables: MemoryHome, beginning: bytes) -> None:
    kept = {digest: content for digest, content in tables.detached.items() if not content.startswith(beginning)}
    tables.detached = kept


@pytest.mark.parametrize(("tamper", "expected"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_every_table_is_compared_with_the_entries(home: InMemory, tamper: Tamper, expected: tuple[str, int]) -> None:
    tables = copy_of(home)
    tamper(tables)
    assert found(verify(tables, home)) == expected


@pytest.mark.parametrize("tamper", [case[1] for case in TABLES], ids=[case[0] for case in TABLES])
def test_the_chain_alone_does_not_look_at_the_tables(home: InMemory, tamper: Tamper) -> None:
    tables = copy_of(home)
    tamper(tables)
    assert found(verify(tables, home, full=False)) is None


def test_an_untouched_log_holds(home: InMemory) -> None:
    report = verify(copy_of(home), home)
    assert (report.finding, report.size, report.origin, report.full) == (None, SIZE, ORIGIN, True)


def test_counters_vouch_for_nothing(home: InMemory) -> None:
    tables = copy_of(home)
    tables.counters.clear()
    assert found(verify(tables, home)) is None


def test_erasable_bytes_may_be_gone(home: InMemory) -> None:
    tables = copy_of(home)
    tables.erasable.clear()
    assert found(verify(tables, home)) is None


def rewritten(home: InMemory, old: bytes, new: bytes) -> MemoryHome:
    """Return a history in which `old` became `new`, with everything computed anew."""
    tables = copy_of(home)
    rewrite(tables, [content.replace(old, new) for content in tables.entries])
    return tables


def test_a_history_that_was_rewritten_contradicts_the_anchor_and_nothing_else(home: InMemory) -> None:
    tables = rewritten(home, b"person:alice", b"person:mally")
    assert found(verify(tables, home, full=False)) == ("anchor", SIZE - 1)
    assert audit(MemoryRows(tables), [note_of(tables, SIZE)], full=True).finding is None


def test_an_older_kept_note_names_an_earlier_entry(home: InMemory) -> None:
    tables = rewritten(home, b"person:alice", b"person:mally")
    report = audit(MemoryRows(tables), [note_of(copy_of(home), 11)], full=True)
    assert found(report) == ("anchor", 10)


def test_a_body_that_is_not_canonical_is_found_even_where_the_chain_holds(home: InMemory) -> None:
    tables = rewritten(home, b'"subject":"npm:@acme/thing"', b'"subject":"npm:@acme\\/thing"')
    report = audit(MemoryRows(tables), [note_of(tables, SIZE)], full=True)
    assert found(report) == ("entry", 1)


def test_an_entry_that_does_not_use_its_own_id_is_found(home: InMemory) -> None:
    tables = copy_of(home)
    entries = [content.replace(b'"id":"evt_20260102030405_000007"', b'"id":"evt_other"') for content in tables.entries]
    rewrite(tables, entries)
    assert found(audit(MemoryRows(tables), [note_of(tables, SIZE)], full=True)) == ("entry", 7)


def test_time_that_goes_back_is_found(home: InMemory) -> None:
    tables = copy_of(home)
    entries = [content.replace(b"03:04:06.000Z", b"03:04:04.000Z") for content in tables.entries]
    rewrite(tables, entries)
    assert found(audit(MemoryRows(tables), [note_of(tables, SIZE)], full=False)) == ("sequence", 21)


def test_a_detached_document_must_be_what_it_stands_for(home: InMemory) -> None:
    tables = copy_of(home)
    (old,) = [digest for digest, content in tables.detached.items() if content.startswith(b'{"data"')]
    forged = b'{"data":[]}'
    tables.detached[sha256(forged)] = forged
    rewrite(tables, [content.replace(old.encode(), sha256(forged).encode()) for content in tables.entries])
    assert found(audit(MemoryRows(tables), [note_of(tables, SIZE)], full=True)) == ("detached", 24)


def first_entry(tables: MemoryHome, content: bytes) -> None:
    rewrite(tables, [content, *tables.entries[1:]])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"body":{},"prev":"%b","seq":0,"time":"2026-01-02T03:04:05.000Z","v":1}', ("entry", 0)),
        (genesis(origin="other", vkey=LOG_KEY.vkey(), time=START), ("entry", 0)),
        (genesis(origin=ORIGIN, vkey="no key", time=START), ("entry", 0)),
    ],
)
def test_the_first_entry_opens_the_log(home: InMemory, content: bytes, expected: tuple[str, int]) -> None:
    tables = copy_of(home)
    tables.entries[0] = content
    tables.nodes[0] = sha_of(content)
    stretch = verify_stretch(MemoryRows(copy_of(home)), 0, SIZE, full=False)
    assert found(conclude(MemoryRows(tables), [stretch], [], full=False)) == expected


def test_the_key_of_a_trust_root_must_be_the_logs(home: InMemory) -> None:
    rows = MemoryRows(copy_of(home))
    notes = list(home.anchor.notes.values())
    other = CheckpointKey(origin=ORIGIN, public_key=OTHER_SIGNER.public_key)
    assert audit(rows, notes, full=False, key=LOG_KEY).finding is None
    assert found(audit(rows, notes, full=False, key=other)) == ("entry", 0)


@pytest.mark.parametrize(
    "note",
    [
        "no note",
        sign_checkpoint(Checkpoint(origin=ORIGIN, size=1, root=bytes(32)), OTHER_SIGNER),
        sign_checkpoint(Checkpoint(origin=ORIGIN, size=SIZE + 1, root=bytes(32)), SIGNER),
    ],
)
def test_every_anchor_must_be_believed_and_reached(home: InMemory, note: str) -> None:
    assert found(audit(MemoryRows(copy_of(home)), [note], full=False)) == ("anchor", SIZE)


def test_without_an_anchor_nothing_shows_that_the_tail_is_there(home: InMemory) -> None:
    assert found(audit(MemoryRows(copy_of(home)), [], full=False)) == ("anchor", SIZE)


def test_a_log_without_entries_is_no_log() -> None:
    home = full_home()
    tables = copy_of(home)
    tables.entries.clear()
    tables.nodes.clear()
    assert found(verify(tables, home)) == ("sequence", 0)
    set_head(tables, size=0)
    assert found(verify(tables, home)) == ("entry", 0)


@pytest.mark.parametrize("cut", [1, 7, 8, 16, 26])
def test_stretches_give_the_same_verdict_as_the_whole(home: InMemory, cut: int) -> None:
    rows = MemoryRows(copy_of(home))
    stretches = [verify_stretch(rows, 0, cut, full=True), verify_stretch(rows, cut, SIZE, full=True)]
    notes = list(home.anchor.notes.values())
    assert conclude(rows, stretches, notes, full=True).finding is None


@pytest.mark.parametrize("cut", [7, 8, 9, 16])
@pytest.mark.parametrize(("tamper", "expected"), [case[1:] for case in CHAIN], ids=[case[0] for case in CHAIN])
def test_stretches_find_what_the_whole_finds(
    home: InMemory, cut: int, tamper: Tamper, expected: tuple[str, int]
) -> None:
    tables = copy_of(home)
    tamper(tables)
    rows = MemoryRows(tables)
    size = tables.head.size
    stretches = [verify_stretch(rows, 0, cut, full=False), verify_stretch(rows, cut, size, full=False)]
    report = conclude(rows, stretches, list(home.anchor.notes.values()), full=False)
    assert report.finding is not None
    assert report.finding.seq in (expected[1], cut - 1, cut)


def test_an_entity_deleted_in_one_stretch_and_written_in_another_is_one_story(home: InMemory) -> None:
    rows = MemoryRows(copy_of(home))
    notes = list(home.anchor.notes.values())
    stretches = [verify_stretch(rows, 0, 22, full=True), verify_stretch(rows, 22, SIZE, full=True)]
    assert conclude(rows, stretches, notes, full=True).finding is None


def test_stretches_must_meet(home: InMemory) -> None:
    rows = MemoryRows(copy_of(home))
    apart = [verify_stretch(rows, 0, 8, full=False), verify_stretch(rows, 9, SIZE, full=False)]
    assert found(conclude(rows, apart, list(home.anchor.notes.values()), full=False)) == ("tree", 7)


class WithGap(MemoryRows):
    """Rows whose numbers have a gap, as a database's may."""

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        return [row for row in super().entries(start, stop) if row[0] != 7]


def test_a_gap_in_the_numbers_is_a_missing_entry(home: InMemory) -> None:
    assert found(audit(WithGap(copy_of(home)), [], full=False)) == ("sequence", 7)


def test_the_first_bad_number_is_named_whatever_its_layer(home: InMemory) -> None:
    tables = copy_of(home)
    change_entity(tables, "thing/0005", content=b"{}")
    tables.entries[20] = flip(tables.entries[20], 30)
    assert found(verify(tables, home)) == ("state", 5)
    assert found(verify(tables, home, full=False)) == ("chain", 20)


def test_what_stands_before_a_malformed_entry_is_compared_first(home: InMemory) -> None:
    tables = copy_of(home)
    entries = [content.replace(b'"actor":"person:alice"', b'"actor":""') for content in tables.entries[:9]]
    rewrite(tables, [tables.entries[0], *tables.entries[1:8], entries[8], *tables.entries[9:]])
    notes = [note_of(tables, SIZE)]
    assert found(audit(MemoryRows(tables), notes, full=True)) == ("entry", 8)
    change_entity(tables, "thing/0005", content=b"{}")
    assert found(audit(MemoryRows(tables), notes, full=True)) == ("state", 5)
