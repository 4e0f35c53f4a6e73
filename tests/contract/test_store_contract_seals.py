"""When a log stops, and that it still can be read (protocol 7, anchors), over every adapter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.entities.governance import principal_key, principal_object
from placet.domain.authorization.principal import Principal
from placet.domain.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from placet.domain.log.watch import Reason
from placet.errors import ConfigurationError, DeniedError, InvalidInputError, UnavailableError, VerificationError
from placet.ports.store import SealedError
from placet.usecases.adopt_anchor import Adopter, adopt_anchor
from support.ledgers import (
    LOG_KEY,
    ORIGIN,
    OTHER_SIGNER,
    SALT,
    SIGNER,
    Home,
    LedgerStore,
    entry_at,
    fill,
    fill_anchor_disk,
    forget_anchor,
    free_anchor_disk,
    key,
    nothing,
    put,
    run,
)

FORKED_NOTE = sign_checkpoint(Checkpoint(origin=ORIGIN, size=3, root=bytes(32)), SIGNER)
AHEAD_NOTE = sign_checkpoint(Checkpoint(origin=ORIGIN, size=300, root=bytes(32)), SIGNER)


ALICE = Adopter(principal_id="person:alice", at=datetime(2026, 1, 1, tzinfo=UTC))


async def enrol(store: LedgerStore, principal_id: str, *, number: int = 800, **changed: Any) -> None:
    """Commit a principal without keys, enrolled a day before `ALICE` adopts unless `changed` says otherwise."""
    person = Principal(principal_id=principal_id, on_behalf_of="", keys=(), enrolled_at=ALICE.at - timedelta(days=1))
    await put(store, number, {principal_key(principal_id): principal_object(replace(person, **changed))})


async def assert_still_sealed(store: LedgerStore) -> None:
    """Nothing was committed, and nothing is."""
    assert (await store.status()).size == 3
    with pytest.raises(SealedError):
        await put(store, 900, {})


async def assert_sealed(store: LedgerStore, reason: Reason) -> SealedError:
    """Commits are refused, and everything can still be read."""
    with pytest.raises(SealedError) as refused:
        await put(store, 900, {})
    assert refused.value.code == "SEALED"
    status = await store.status()
    assert status.seal is not None
    assert status.seal.reason is reason
    assert (await store.load([key("thing/0001")])).entities[key("thing/0001")].revision == 1
    assert (await entry_at(store, 1)).seq == 1
    return refused.value


def test_a_missing_anchor_seals_and_the_hint_says_how_to_adopt(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        forget_anchor(home)
        again = home.open()
        refused = await assert_sealed(again, Reason.ANCHOR_MISSING)
        assert f"placet ledger anchor --adopt {ORIGIN}" in refused.hint

    run(work())


def test_an_anchor_that_vanishes_while_the_log_is_open_seals_at_once(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        forget_anchor(home)
        await assert_sealed(store, Reason.ANCHOR_MISSING)

    run(work())


def test_an_anchor_that_comes_back_lifts_the_seal(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        note = await store.checkpoint()
        forget_anchor(home)
        await assert_sealed(store, Reason.ANCHOR_MISSING)
        home.anchor.replace(ORIGIN, note, lasting=True)
        assert (await put(store, 6, {})).seq == 6

    run(work())


def test_adopting_is_an_entry_and_lifts_the_seal(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 4)
        await enrol(store, ALICE.principal_id)
        forget_anchor(home)
        again = home.open()
        root = (await again.status()).root.hex()
        adopted = await adopt_anchor(again, again, origin=ORIGIN, adopter=ALICE, entry_id="evt_adopt", salt=SALT)
        entry = await entry_at(again, adopted.seq)
        assert (entry.body.type, entry.body.actor) == ("ledger.anchor_adopted", "person:alice")
        assert entry.body.data == {"root": root, "size": 6}
        assert (await put(again, 7, {})).seq == 7
        last = home.open()
        assert (await last.status()).seal is None

    run(work())


def test_an_anchor_that_is_there_cannot_be_adopted(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await enrol(store, ALICE.principal_id)
        with pytest.raises(ConfigurationError) as refused:
            await adopt_anchor(store, store, origin=ORIGIN, adopter=ALICE, entry_id="evt_adopt", salt=SALT)
        assert refused.value.code == "ANCHOR_NOT_MISSING"
        assert (await nothing(store)).head.size == 2

    run(work())


@pytest.mark.parametrize("adopter", ["person:nobody", "person:left", "person:to-come"])
def test_only_an_enrolled_and_active_principal_adopts(home: Home, adopter: str) -> None:
    async def work() -> None:
        store = home.create()
        await enrol(store, "person:left", disabled_at=ALICE.at)
        await enrol(store, "person:to-come", number=801, enrolled_at=ALICE.at + timedelta(seconds=1))
        forget_anchor(home)
        again = home.open()
        by = Adopter(principal_id=adopter, at=ALICE.at)
        with pytest.raises(DeniedError) as refused:
            await adopt_anchor(again, again, origin=ORIGIN, adopter=by, entry_id="evt_adopt", salt=SALT)
        assert refused.value.code == "APPROVER_INELIGIBLE"
        await assert_still_sealed(again)

    run(work())


def test_adopting_names_the_origin_of_this_log(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        with pytest.raises(InvalidInputError) as refused:
            await adopt_anchor(store, store, origin="other.example.com", adopter=ALICE, entry_id="evt_adopt", salt=SALT)
        assert refused.value.code == "ORIGIN_MISMATCH"

    run(work())


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (AHEAD_NOTE, Reason.BEHIND),
        (FORKED_NOTE, Reason.FORKED),
        (sign_checkpoint(Checkpoint(origin=ORIGIN, size=3, root=bytes(32)), OTHER_SIGNER), Reason.ANCHOR_INVALID),
        ("no note at all\n", Reason.ANCHOR_INVALID),
    ],
)
def test_an_anchor_that_the_log_contradicts_seals_before_and_while_it_is_open(
    home: Home, note: str, reason: Reason
) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        await enrol(store, ALICE.principal_id)
        home.anchor.replace(ORIGIN, note, lasting=True)
        await assert_sealed(store, reason)
        again = home.open()
        await assert_sealed(again, reason)
        with pytest.raises(SealedError):
            await adopt_anchor(again, again, origin=ORIGIN, adopter=ALICE, entry_id="evt_adopt", salt=SALT)

    run(work())


@pytest.mark.parametrize(("note", "reason"), [(AHEAD_NOTE, Reason.BEHIND), (FORKED_NOTE, Reason.FORKED)])
def test_a_note_from_outside_that_the_log_contradicts_seals_and_is_kept(home: Home, note: str, reason: Reason) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        other = home.open()
        await store.observe(note)
        await assert_sealed(store, reason)
        await assert_sealed(other, reason)
        await assert_sealed(home.open(), reason)
        assert note in home.anchor.read(ORIGIN)

    run(work())


def test_a_note_from_outside_that_the_log_agrees_with_changes_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        note = await store.checkpoint()
        await fill(store, 5, start=6)
        await store.observe(note)
        assert (await put(store, 11, {})).seq == 11

    run(work())


def test_a_note_from_outside_by_another_key_proves_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        forged = sign_checkpoint(Checkpoint(origin=ORIGIN, size=300, root=bytes(32)), OTHER_SIGNER)
        with pytest.raises(VerificationError) as refused:
            await store.observe(forged)
        assert refused.value.code == "CHECKPOINT_INVALID"
        assert (await put(store, 1, {})).seq == 1

    run(work())


def test_an_anchor_behind_the_head_harms_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        early = await store.checkpoint()
        await fill(store, 5)
        home.anchor.replace(ORIGIN, early, lasting=True)
        assert (await put(store, 6, {})).seq == 6

    run(work())


def test_a_sealed_log_signs_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await fill(store, 5)
        forget_anchor(home)
        await assert_sealed(store, Reason.ANCHOR_MISSING)
        with pytest.raises(SealedError):
            await store.checkpoint()

    run(work())


def test_nothing_is_answered_while_the_anchor_cannot_be_written(home: Home) -> None:
    """The change that met the full disk is kept without an answer; those after it are not even written."""

    async def work() -> None:
        store = home.create()
        fill_anchor_disk(home)
        for number in (1, 2, 3):
            with pytest.raises(UnavailableError) as refused:
                await put(store, number, {})
            assert refused.value.code == "AUDIT_UNAVAILABLE"
        assert (await nothing(store)).head.size == 2
        free_anchor_disk(home)
        assert (await put(store, 4, {})).seq == 2
        assert open_checkpoint(home.anchor.read(ORIGIN)[-1], LOG_KEY).size == 3

    run(work())
