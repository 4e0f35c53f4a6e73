"""A106: what ends between the decision and its commit has ended: the commit holds every premise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from placet.adapters.memory.anchor import MemoryAnchor
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.freezes import FREEZES, freezes_object
from placet.core.entities.receipts import hold_writes
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.runs import Intent
from placet.domain.authorization.facts import KeyState, ReceiptState
from placet.domain.authorization.freeze import Freeze
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.ports.store import SealedError
from placet.usecases.revoke_key import revoke_key
from support.forging import forged, planted, receipt_in
from support.governance import NOW
from support.installation import CERTIFYING, GOVERNING, POLICY, PUBLISHING, REQUESTER, TEAM
from support.intents import a_publication, an_object
from support.keys import KEYS, make_key
from support.ledgers import SetClock
from support.world import World

MILLISECOND = timedelta(milliseconds=1)


def until(world: World, instant: datetime) -> Callable[[], None]:
    """Return what lets the store stall until `instant`."""

    def stall() -> None:
        world.clock.at = instant

    return stall


@pytest.mark.parametrize("late", [timedelta(0), MILLISECOND, timedelta(minutes=5)])
def test_a_receipt_that_expires_while_the_store_stalls_is_expired(late: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    world.double.facts["version"] = "absent"
    world.move(minutes=59, seconds=45)
    world.meanwhile(until(world, receipt_in(token).expires_at + late))

    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, token)


def test_a_stall_that_ends_in_time_harms_nothing() -> None:
    world = World()
    plan, token = world.ready()
    world.move(minutes=59, seconds=45)
    world.meanwhile(until(world, receipt_in(token).expires_at - MILLISECOND))

    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize(("intent", "code"), [(an_object(), "RECEIPT_EXPIRED"), (a_publication(), "STALE_SUBJECT")])
def test_the_sequencer_s_clock_decides_where_ours_stands_still(intent: Intent, code: str) -> None:
    world = World()
    plan, token = world.ready(intent)
    ahead = SetClock(receipt_in(token).expires_at)
    world.context = world.over(world.stalled(ahead))

    with world.refusing(code):
        world.present(plan, token)


def test_a_receipt_that_gets_too_old_while_the_store_stalls_is_stale() -> None:
    world = World(TEAM + PUBLISHING + "receipt = { max_age_seconds = 60 }\n" + CERTIFYING + GOVERNING)
    plan, token = world.ready()
    world.move(seconds=50)
    world.meanwhile(until(world, NOW + timedelta(seconds=60) + MILLISECOND))

    with world.refusing("STALE_AGE"):
        world.present(plan, token)


def test_an_observation_that_gets_old_while_the_store_stalls_is_none() -> None:
    world = World()
    plan, token = world.ready()
    world.meanwhile(until(world, NOW + timedelta(seconds=30)))

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


def test_an_approval_that_runs_out_while_the_store_stalls_does_not_count() -> None:
    world = World()
    plan = world.approved(world.plan(), hours=0.5)
    token = world.issue(plan)
    world.move(minutes=29, seconds=45)
    world.meanwhile(until(world, NOW + timedelta(minutes=30)))

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_a_certificate_that_ends_while_the_store_stalls_has_ended() -> None:
    world = World()
    certificate_id = world.certificate()
    plan = world.approved(world.plan(a_publication(certificate_id=certificate_id)))
    token = world.issue(plan)
    key = certificate_key(certificate_id)
    record = read_certificate(required(world.load(key), key, "certificate"))
    world.write(key, replace(record, expires_at=NOW + timedelta(seconds=20)).to_object())
    world.meanwhile(until(world, NOW + timedelta(seconds=20)))

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)


def revoke_certificate(world: World, certificate_id: str) -> None:
    key = certificate_key(certificate_id)
    record = read_certificate(required(world.load(key), key, "certificate"))
    revocation = Revocation(
        certificate_id=certificate_id,
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=world.clock.now(),
        invalid_since=world.clock.now(),
    )
    world.write(key, record.revoked(revocation).to_object())


def test_a_certificate_revoked_meanwhile_is_revoked() -> None:
    world = World()
    certificate_id = world.certificate()
    plan = world.approved(world.plan(a_publication(certificate_id=certificate_id)))
    token = world.issue(plan)
    world.meanwhile(lambda: revoke_certificate(world, certificate_id))

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)


@pytest.mark.parametrize("what", ["an effect", "a core operation"])
def test_a_key_that_is_revoked_meanwhile_asks_for_nothing_any_more(what: str) -> None:
    world = World(POLICY + KEYS)
    key = make_key(world, REQUESTER)
    world.rebuild(credential_id=key.credential_id)
    certificate = world.certificate_plan()
    plan, token = world.ready()
    world.meanwhile(lambda: world.run(revoke_key(world.context, key.credential_id, actor=REQUESTER)))

    with world.refusing("STALE_REQUESTER"):
        if what == "an effect":
            world.present(plan, token)
        else:
            world.run(execute_plan(world.context, certificate, actor=REQUESTER))


STRICTER = POLICY.replace('version = "v1"', 'version = "v2"').replace("count = 1", "count = 2")
MEANWHILE: dict[str, tuple[str, Callable[[World], object]]] = {
    "the policy got stricter": ("STALE_POLICY", lambda world: world.activate(STRICTER)),
    "the approver was disabled": ("STALE_APPROVAL", lambda world: world.disable("person:alice")),
    "the approver's key was revoked": ("STALE_APPROVAL", lambda world: world.revoke_key("alice")),
    "the requester was disabled": ("STALE_REQUESTER", lambda world: world.disable(REQUESTER)),
    "everything was frozen": ("FROZEN", lambda world: world.freeze()),
    "the package was frozen": ("FROZEN", lambda world: world.freeze("npm:@acme/tool")),
    "the receipt key was revoked": ("KEY_REVOKED", lambda world: world.set_key_state(KeyState.REVOKED)),
    "the receipt key was retired": ("KEY_RETIRED", lambda world: world.set_key_state(KeyState.RETIRED)),
}


@pytest.mark.parametrize("happened", MEANWHILE)
def test_a_premise_that_moves_meanwhile_is_decided_again(happened: str) -> None:
    world = World()
    plan, token = world.ready()
    code, change = MEANWHILE[happened]
    world.meanwhile(lambda: change(world))

    with world.refusing(code):
        world.present(plan, token)


def test_a_freeze_that_begins_while_the_store_stalls_has_begun() -> None:
    world = World()
    plan, token = world.ready()
    begins = NOW + timedelta(seconds=20)
    waiting = Freeze(
        freeze_id="frz_20260304050607_abc123",
        subjects=("npm:@acme/*",),
        reason="nobody reviewed",
        set_by="person:alice",
        set_at=NOW,
        begins_at=begins,
    )
    world.write(FREEZES, freezes_object([waiting]))
    world.meanwhile(until(world, begins))

    with world.refusing("FROZEN"):
        world.present(plan, token)


def test_a_freeze_of_something_else_harms_nothing() -> None:
    world = World()
    plan, token = world.ready()
    world.meanwhile(lambda: world.freeze("npm:@acme/other", "mirror:**"))

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_denial_that_comes_in_meanwhile_counts() -> None:
    world = World()
    plan, token = world.ready()
    world.meanwhile(lambda: world.deny(plan))

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_approval_that_comes_in_meanwhile_harms_nothing() -> None:
    world = World()
    plan, token = world.ready()
    world.meanwhile(lambda: world.approved(plan, "carol"))

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_subject_that_is_taken_meanwhile_is_taken() -> None:
    world = World()
    plan, token = world.ready()
    other = world.plan(subject="another run")

    def take() -> None:
        for key, value in hold_writes(other.operations[0], ReceiptState.RESERVED).items():
            world.write(key, value)

    world.meanwhile(take)

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


def test_a_ledger_that_is_sealed_meanwhile_lets_nothing_be_sent() -> None:
    world = World()
    plan, token = world.ready()
    anchor = world.home.anchor
    assert isinstance(anchor, MemoryAnchor)
    world.meanwhile(anchor.notes.clear)

    with pytest.raises(SealedError):
        world.present(plan, token)

    assert world.double.sent == []
    assert world.state(receipt_in(token).receipt_id) is ReceiptState.ISSUED


def test_a_receipt_that_began_late_does_not_outlive_the_one_it_copies() -> None:
    world = World()
    plan, token = world.ready()
    told = planted(world, forged(world, token, expires_at="2026-03-04T05:06:08.890Z"))
    world.meanwhile(until(world, NOW + timedelta(seconds=1)))

    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, told)
