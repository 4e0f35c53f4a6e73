"""Verify, show, prove and adopt, as the command line asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.domain.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from placet.domain.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from placet.errors import InvalidInputError, NotFoundError, VerificationError
from placet.usecases.prove_entry import prove_entry, prove_growth
from placet.usecases.show_ledger import show_ledger
from placet.usecases.verify_ledger import verify_ledger
from support.ledgers import LOG_KEY, ORIGIN, SIGNER, InMemory, InSqlite, LedgerStore, forget_anchor, put, run
from support.tampering import write_everything


@pytest.fixture(params=["memory", "sqlite"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemory | InSqlite]:
    place: InMemory | InSqlite = InMemory() if request.param == "memory" else InSqlite(tmp_path)
    run(write_everything(place.create(), place.clock))
    yield place
    place.close()


@pytest.fixture
def store(home: InMemory | InSqlite) -> LedgerStore:
    return home.open()


def test_a_whole_log_verifies(store: LedgerStore) -> None:
    for full in (True, False):
        report = run(verify_ledger(store, full=full, key=LOG_KEY))
        assert (report.finding, report.size, report.origin, report.full) == (None, 27, ORIGIN, full)


def test_other_processes_may_read_the_entries(home: InMemory | InSqlite, store: LedgerStore) -> None:
    assert run(verify_ledger(store, readers=1, worth=1)).finding is None
    forged = sign_checkpoint(Checkpoint(origin=ORIGIN, size=11, root=bytes(32)), SIGNER)
    home.anchor.replace(ORIGIN, forged, lasting=True)
    finding = run(verify_ledger(store, readers=1, worth=1)).finding
    assert finding is not None
    assert finding.layer == "anchor"


def test_a_lost_anchor_is_a_finding_and_does_not_stop_verification(
    home: InMemory | InSqlite, store: LedgerStore
) -> None:
    note = run(store.checkpoint())
    forget_anchor(home)
    for notes in ([], [note]):
        finding = run(verify_ledger(store, notes=notes)).finding
        assert finding is not None
        assert (finding.layer, finding.seq) == ("anchor", 27)


def test_a_note_kept_elsewhere_is_compared_too(store: LedgerStore) -> None:
    early, forged = (
        run(store.checkpoint(11)),
        sign_checkpoint(Checkpoint(origin=ORIGIN, size=11, root=bytes(32)), SIGNER),
    )
    assert run(verify_ledger(store, notes=[early])).finding is None
    finding = run(verify_ledger(store, notes=[early, forged])).finding
    assert finding is not None
    assert (finding.layer, finding.seq) == ("anchor", 10)


def test_the_newest_entries_are_shown_with_their_detached_data(store: LedgerStore) -> None:
    page = run(show_ledger(store, store, count=3))
    assert [shown.entry.seq for shown in page.entries] == [24, 25, 26]
    assert page.entries[0].data == {"long": "x" * 5000}
    assert page.entries[1].data == {}
    assert (page.status.size, page.status.origin, page.status.vkey) == (27, ORIGIN, LOG_KEY.vkey())
    assert leaf_hash(page.entries[1].content) == page.entries[2].entry.prev


def test_entries_are_shown_from_a_place_on(store: LedgerStore) -> None:
    assert [shown.entry.seq for shown in run(show_ledger(store, store, start=0, count=2)).entries] == [0, 1]
    assert [shown.entry.seq for shown in run(show_ledger(store, store, start=26, count=9)).entries] == [26]
    assert run(show_ledger(store, store, start=27)).entries == ()
    assert len(run(show_ledger(store, store, count=100)).entries) == 27


def test_a_proof_leads_from_the_entry_to_a_checkpoint(store: LedgerStore) -> None:
    for size in (None, 11):
        proof = run(prove_entry(store, store, 7, size=size))
        kept = open_checkpoint(proof.checkpoint, LOG_KEY)
        assert (proof.seq, proof.size, kept.size) == (7, size or 27, size or 27)
        verify_inclusion(leaf_hash(proof.content), 7, kept.size, proof.path, kept.root)


@pytest.mark.parametrize(("seq", "size"), [(27, None), (-1, None), (11, 11)])
def test_what_is_not_there_is_not_proven(store: LedgerStore, seq: int, size: int | None) -> None:
    with pytest.raises(NotFoundError) as refused:
        run(prove_entry(store, store, seq, size=size))
    assert refused.value.code == "ENTRY_NOT_FOUND"


def test_there_is_no_checkpoint_within_a_group(store: LedgerStore) -> None:
    with pytest.raises(NotFoundError) as refused:
        run(prove_entry(store, store, 1, size=5))
    assert refused.value.code == "CHECKPOINT_NOT_FOUND"


def test_growth_is_proven_from_an_older_note(store: LedgerStore) -> None:
    early = run(store.checkpoint(11))
    proof = run(prove_growth(store, store, early))
    old, new = open_checkpoint(early, LOG_KEY), open_checkpoint(proof.checkpoint, LOG_KEY)
    assert (proof.old_size, proof.new_size) == (11, 27)
    verify_consistency(11, 27, proof.path, old.root, new.root)


def test_growth_from_another_history_is_not_proven(store: LedgerStore) -> None:
    forged = sign_checkpoint(Checkpoint(origin=ORIGIN, size=11, root=bytes(32)), SIGNER)
    with pytest.raises(VerificationError) as refused:
        run(prove_growth(store, store, forged))
    assert refused.value.code == "PROOF_INVALID"
    ahead = sign_checkpoint(Checkpoint(origin=ORIGIN, size=99, root=bytes(32)), SIGNER)
    with pytest.raises(InvalidInputError) as out_of_range:
        run(prove_growth(store, store, ahead))
    assert out_of_range.value.code == "PROOF_OUT_OF_RANGE"


def test_verification_sees_one_moment_while_others_write(store: LedgerStore) -> None:
    async def work() -> None:
        verifying = asyncio.create_task(verify_ledger(store))
        for number in range(50, 60):
            await put(store, number, {})
        assert (await verifying).finding is None

    run(work())
