"""Outcomes are written by who holds the fence, doubts are cleared up by looking, and nothing is written twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from placet.core.context import Settings
from placet.core.doubts import _settle_time, clear_up
from placet.core.entities.governance import provider_key
from placet.core.entities.receipts import ReceiptRecord
from placet.core.execute import execute_plan
from placet.core.settle import holds_fence, settle
from placet.domain.authorization import authorized as door
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.life import check_may_become
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import Mode, OutcomeStatus
from placet.errors import DeniedError, EffectError, UnavailableError
from placet.ports.effects import Finding, Outcome, Presence
from placet.usecases.reconcile import reconcile
from support.forging import receipt_in
from support.governance import NOW
from support.installation import ACTOR, Crash
from support.intents import an_object
from support.world import World

EXECUTED = Outcome(status=OutcomeStatus.EXECUTED)
FAILED = Outcome(status=OutcomeStatus.FAILED, error_code="REFUSED")
MAY_FOLLOW = {
    ("issued", "reserved"),
    ("issued", "executed"),
    ("issued", "revoked"),
    ("reserved", "executed"),
    ("reserved", "failed"),
    ("reserved", "indeterminate"),
    ("indeterminate", "executed"),
    ("indeterminate", "failed"),
    ("indeterminate", "conflict"),
    ("failed", "executed"),
    ("failed", "conflict"),
}
"""The life of a receipt as the protocol draws it (section 5)."""


@pytest.mark.parametrize(("before", "after"), list(product(ReceiptState, ReceiptState)), ids=str)
def test_a_receipt_moves_only_as_the_protocol_draws_its_life(before: ReceiptState, after: ReceiptState) -> None:
    if (before.value, after.value) in MAY_FOLLOW:
        check_may_become(before, after)
    else:
        with pytest.raises(DeniedError) as caught:
            check_may_become(before, after)
        assert caught.value.code == "FENCE_LOST"


def reserved(world: World, *, after: str = "reserved") -> tuple[Plan, str, int]:
    """Return a plan whose process ended after its reservation, the receipt's id, and its fence."""
    plan, token = world.ready()
    world.crash_at = f"publish_package.{after}"
    with pytest.raises(Crash):
        world.present(plan, token)
    receipt_id = receipt_in(token).receipt_id
    key = world.receipt(receipt_id).key
    return plan, receipt_id, world.load(key).entities[key].revision


def settling(world: World, plan: Plan, receipt_id: str, outcome: Outcome, fence: int) -> None:
    world.run(settle(world.context, plan.operations[0], receipt_id, outcome, fence=fence, actor=ACTOR))


def test_only_the_holder_of_the_fence_settles() -> None:
    world = World()
    plan, receipt_id, fence = reserved(world)

    for wrong in (fence - 1, fence + 1, 0):
        with pytest.raises(EffectError) as caught:
            settling(world, plan, receipt_id, EXECUTED, wrong)
        assert caught.value.code == "FENCE_LOST"
    settling(world, plan, receipt_id, EXECUTED, fence)

    assert world.state(receipt_id) is ReceiptState.EXECUTED


def test_who_settled_has_given_the_fence_away() -> None:
    world = World()
    plan, receipt_id, fence = reserved(world)
    settling(world, plan, receipt_id, FAILED, fence)

    with pytest.raises(EffectError) as caught:
        settling(world, plan, receipt_id, EXECUTED, fence)

    assert caught.value.code == "FENCE_LOST"
    assert (world.state(receipt_id), world.receipt(receipt_id).error_code) == (ReceiptState.FAILED, "REFUSED")


def an_authorized(world: World, plan: Plan, receipt_id: str, fence: int) -> AuthorizedOperation:
    return AuthorizedOperation(
        operation=plan.operations[0],
        mode=Mode.PROD,
        receipt_id=receipt_id,
        attempt=1,
        fence=fence,
        deadline=world.clock.now() + timedelta(seconds=60),
        contents={},
        made_by=door._MADE_BY_THE_CHECKS,
    )


def test_the_fence_is_held_until_somebody_writes() -> None:
    world = World()
    plan, receipt_id, fence = reserved(world)
    held = an_authorized(world, plan, receipt_id, fence)

    assert world.run(holds_fence(world.store, held))
    settling(world, plan, receipt_id, FAILED, fence)
    assert not world.run(holds_fence(world.store, held))


def test_an_authorized_operation_comes_out_of_the_checks_and_from_nowhere_else() -> None:
    world = World()
    plan, receipt_id, fence = reserved(world)

    with pytest.raises(TypeError):
        AuthorizedOperation(
            operation=plan.operations[0],
            mode=Mode.PROD,
            receipt_id=receipt_id,
            attempt=1,
            fence=fence,
            deadline=NOW,
            contents={},
            made_by=object(),
        )


def test_a_conflict_met_right_away_is_a_doubt_first() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers = OutcomeStatus.CONFLICT

    world.present(plan, token)

    told = [each.body.type for each in world.entries() if each.body.type.startswith("receipt.")]
    assert told == ["receipt.issued", "receipt.reserved", "receipt.indeterminate", "receipt.conflict"]


def test_what_the_port_raises_before_the_first_byte_is_a_failure_with_its_code() -> None:
    world = World()
    plan, token = world.ready()
    world.double.acts, world.double.answers = False, EffectError("EGRESS_DENIED", "not there")

    report = world.present(plan, token)

    assert (report.state, report.error_code) == (ReceiptState.FAILED, "EGRESS_DENIED")


def test_a_deadline_that_passes_before_the_first_byte_sends_nothing() -> None:
    world = World()
    plan, token = world.ready()

    async def too_late() -> None:
        world.move(seconds=60)

    world.double.meanwhile = too_late

    report = world.present(plan, token)

    assert (report.state, report.error_code, world.double.sent) == (ReceiptState.FAILED, "FENCE_LOST", [])


def test_a_sender_that_was_given_up_finds_its_fence_lost_and_writes_nothing() -> None:
    world = World()
    plan, token = world.ready()

    async def is_given_up() -> None:
        world.move(seconds=61)
        await reconcile(world.context)
        world.move(seconds=-61)

    world.double.meanwhile = is_given_up

    with pytest.raises(EffectError) as caught:
        world.present(plan, token)

    assert (caught.value.code, world.double.sent) == ("FENCE_LOST", [])
    assert world.state(receipt_in(token).receipt_id) is ReceiptState.INDETERMINATE


def doubtful(world: World, answers: OutcomeStatus = OutcomeStatus.INDETERMINATE) -> tuple[Plan, ReceiptRecord]:
    """Return a plan whose effect is in doubt, or was answered otherwise, and the receipt's record."""
    plan, token = world.ready()
    world.double.acts, world.double.answers = False, answers
    world.present(plan, token)
    return plan, world.receipt(receipt_in(token).receipt_id)


def clearing(world: World, plan: Plan, record: ReceiptRecord) -> ReceiptRecord:
    return world.run(clear_up(world.context, plan.operations[0], record, actor=ACTOR))


FINDINGS = [
    (Presence.SAME, ReceiptState.EXECUTED, ""),
    (Presence.OTHER, ReceiptState.CONFLICT, "OTHER_CONTENT"),
    (Presence.ABSENT, ReceiptState.FAILED, "EFFECT_ABSENT"),
    (Presence.UNKNOWN, ReceiptState.INDETERMINATE, "OUTCOME_UNKNOWN"),
]


@pytest.mark.parametrize(("presence", "state", "code"), FINDINGS, ids=[str(each[0]) for each in FINDINGS])
def test_a_doubt_is_settled_by_what_is_found(presence: Presence, state: ReceiptState, code: str) -> None:
    world = World()
    plan, record = doubtful(world)
    world.double.finding = Finding(presence=presence, response={"status": 200})
    world.move(hours=1)

    after = clearing(world, plan, record)

    assert (after.state, after.error_code, after.lookups) == (state, code, int(presence is Presence.UNKNOWN))
    assert len(world.double.sent) == 1


@pytest.mark.parametrize(("presence", "state"), [(Presence.SAME, "executed"), (Presence.OTHER, "conflict")])
def test_a_late_truth_corrects_a_failure(presence: Presence, state: str) -> None:
    world = World()
    plan, token = world.ready()
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(plan, token)
    world.double.finding = Finding(presence=presence)

    after = clearing(world, plan, world.receipt(receipt_in(token).receipt_id))

    assert after.state.value == state


@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.UNKNOWN])
def test_a_failure_stays_one_where_nothing_else_is_found(presence: Presence) -> None:
    world = World()
    plan, record = doubtful(world, OutcomeStatus.FAILED)
    world.double.finding = Finding(presence=presence)
    size = len(world.contents())
    world.move(days=1)

    with suppress(EffectError):
        assert clearing(world, plan, record) == record
    assert world.receipt(record.receipt_id) == record
    assert len(world.contents()) == size


@pytest.mark.parametrize("presence", Presence, ids=str)
def test_who_looked_at_a_state_that_moved_meanwhile_lets_the_newer_one_stand(presence: Presence) -> None:
    world = World()
    plan, record = doubtful(world)
    world.move(hours=1)

    async def another_finds_it() -> None:
        world.double.finding = Finding(presence=Presence.SAME, response={"found": "first"})
        await reconcile(world.context)

    world.double.finding = Finding(presence=presence)
    world.double.while_looking = another_finds_it

    after = clearing(world, plan, record)

    assert (after.state, after.response) == (ReceiptState.EXECUTED, {"found": "first"})
    assert len(world.entries("package.published")) == 1


@pytest.mark.parametrize("presence", [Presence.SAME, Presence.UNKNOWN], ids=str)
def test_who_is_overtaken_between_looking_and_writing_writes_nothing(presence: Presence) -> None:
    world = World()
    plan, record = doubtful(world)
    world.move(hours=1)
    world.double.finding = Finding(presence=presence)

    def another_finds_it() -> None:
        world.double.finding = Finding(presence=Presence.OTHER)
        world.run(reconcile(world.context))

    world.meanwhile(another_finds_it)

    assert clearing(world, plan, record).state is ReceiptState.CONFLICT


def test_a_reservation_out_of_time_is_a_doubt_before_it_is_anything_else() -> None:
    world = World()
    plan, receipt_id, _ = reserved(world)
    world.move(seconds=60)
    world.double.finding = Finding(presence=Presence.SAME)

    clearing(world, plan, world.receipt(receipt_id))

    told = [each.body.type for each in world.entries()][-2:]
    assert told == ["receipt.indeterminate", "package.published"]


def test_a_failing_look_up_is_told_and_changes_nothing() -> None:
    world = World()
    plan, record = doubtful(world)

    async def no_network() -> None:
        raise EffectError("EGRESS_DENIED", "not there")

    world.double.while_looking = no_network
    (cleared,) = world.run(reconcile(world.context))

    assert cleared.problem == "EGRESS_DENIED: not there"
    assert world.receipt(record.receipt_id) == record
    assert plan.run_id in cleared.operation_id


def test_a_ledger_that_fails_while_clearing_up_is_no_lost_fence() -> None:
    world = World()
    plan, record = doubtful(world)
    world.double.finding = Finding(presence=Presence.SAME)

    def the_disk_fills() -> None:
        world.home.anchor.writable = False  # type: ignore[union-attr]  # a home in memory

    world.meanwhile(the_disk_fills)

    with pytest.raises(UnavailableError):
        clearing(world, plan, record)


SETTLED: list[tuple[Settings, timedelta]] = [
    (Settings(), timedelta(0)),
    (Settings(settle={"folder": timedelta(minutes=1)}), timedelta(minutes=1)),
    (Settings(settle={}), timedelta(minutes=15)),
]


@pytest.mark.parametrize(("settings", "wait"), SETTLED, ids=["default", "set", "unknown"])
def test_absence_counts_after_the_settle_time_of_the_provider_s_kind(settings: Settings, wait: timedelta) -> None:
    world = World(settings=settings)
    plan = world.approved(world.plan(an_object()))
    world.crash_at = "put_object.reserved"
    with pytest.raises(Crash):
        world.run(execute_plan(world.context, plan, actor=ACTOR))
    world.clock.at = NOW + timedelta(seconds=60) + wait - timedelta(milliseconds=1)
    states = [cleared.state for cleared in world.run(reconcile(world.context))]
    world.move(milliseconds=1)
    states += [cleared.state for cleared in world.run(reconcile(world.context))]

    before = ReceiptState.RESERVED if not wait else ReceiptState.INDETERMINATE
    assert states == [before, ReceiptState.FAILED]


def test_absence_seen_before_the_settle_time_was_over_is_not_believed_after_it() -> None:
    world = World()
    plan, record = doubtful(world)
    assert record.deadline is not None
    world.clock.at = record.deadline + timedelta(minutes=15) - timedelta(milliseconds=1)

    async def the_answer_takes_its_time() -> None:
        world.move(seconds=1)

    world.double.finding = Finding(presence=Presence.ABSENT)
    world.double.while_looking = the_answer_takes_its_time

    assert clearing(world, plan, record).state is ReceiptState.INDETERMINATE
    assert clearing(world, plan, world.receipt(record.receipt_id)).state is ReceiptState.FAILED


def test_a_provider_that_is_gone_has_the_longest_settle_time() -> None:
    world = World()
    plan, _ = doubtful(world)
    world.write(provider_key("npm"), None)

    assert world.run(_settle_time(world.context, plan.operations[0])) == timedelta(minutes=15)


def test_a_core_operation_is_never_in_doubt() -> None:
    world = World()
    plan = world.certificate_plan()
    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))
    record = world.receipt(report.receipt_id)

    assert clearing(world, plan, record) is record
    assert world.double.look_ups == 0


UNREADABLE: list[Any] = [{"status": 201.5}, {"id": "caf\u00e9"}, {"Id": "x"}, {"body": "x" * 20_000}, {"deep": None}]


@pytest.mark.parametrize("response", UNREADABLE, ids=["float", "accents", "capitals", "long", "null"])
def test_an_outcome_is_not_lost_for_the_provider_s_wording(response: Any) -> None:
    world = World()
    plan, receipt_id, fence = reserved(world, after="sent")

    settling(world, plan, receipt_id, Outcome(status=OutcomeStatus.EXECUTED, response=response), fence)

    assert (world.state(receipt_id), world.receipt(receipt_id).response) == (
        ReceiptState.EXECUTED,
        {"unreadable": True},
    )
