"""A28: wherever a process ended, its receipt does nothing a second time, and its effect is made once."""

from __future__ import annotations

import pytest

from placet.adapters.memory.store import Fault, FaultOf
from placet.core.execute import execute_plan
from placet.domain.authorization.facts import ReceiptState
from placet.domain.log.change import Change
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Finding, Presence
from placet.ports.store import OutcomeUnknownError
from placet.usecases.reconcile import reconcile
from support.forging import receipt_in
from support.installation import ACTOR, Crash
from support.intents import an_object
from support.world import World

POINTS = [
    ("reserved", ReceiptState.RESERVED, "RECEIPT_RESERVED", 0),
    ("sent", ReceiptState.RESERVED, "RECEIPT_RESERVED", 1),
    ("settled", ReceiptState.EXECUTED, "RECEIPT_CONSUMED", 1),
]


@pytest.mark.parametrize(("point", "state", "code", "effects"), POINTS, ids=[point[0] for point in POINTS])
@pytest.mark.parametrize("kind", ["publish_package", "put_object"])
def test_a_receipt_replayed_after_a_crash_is_refused(
    kind: str, point: str, state: ReceiptState, code: str, effects: int
) -> None:
    world = World()
    plan, token = world.ready(*([an_object()] if kind == "put_object" else []))
    world.crash_at = f"{kind}.{point}"
    with pytest.raises(Crash):
        world.present(plan, token)
    assert world.state(receipt_in(token).receipt_id) is state

    for _ in range(2):
        world.double.facts["version"] = "absent"
        with world.refusing(code, alert=True):
            world.present(plan, token)

    assert sum(world.double.effects.values()) == effects


@pytest.mark.parametrize(("point", "state", "code", "effects"), POINTS, ids=[point[0] for point in POINTS])
def test_what_a_crash_left_is_looked_up_and_finished_once(
    point: str, state: ReceiptState, code: str, effects: int
) -> None:
    del state, code, effects
    world = World()
    plan, token = world.ready()
    world.crash_at = f"publish_package.{point}"
    with pytest.raises(Crash):
        world.present(plan, token)

    world.move(minutes=20)
    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert report.state is ReceiptState.EXECUTED
    assert list(world.double.effects.values()) == [1]
    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, token)


def test_a_crash_before_the_reservation_leaves_the_receipt_usable_once() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.crash_at = "publish_package.issued"
    with pytest.raises(Crash):
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert report.state is ReceiptState.EXECUTED
    assert len(world.entries("receipt.issued")) == 1
    assert list(world.double.effects.values()) == [1]


def test_a_reservation_is_left_alone_before_its_deadline_whoever_asks() -> None:
    world = World()
    plan, token = world.ready()
    world.crash_at = "publish_package.reserved"
    with pytest.raises(Crash):
        world.present(plan, token)
    world.move(seconds=59)

    (cleared,) = world.run(reconcile(world.context))
    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert (cleared.state, report.state) == (ReceiptState.RESERVED, ReceiptState.RESERVED)
    assert world.double.look_ups == 0


def test_absence_settles_nothing_before_deadline_and_settle_time() -> None:
    world = World()
    plan, token = world.ready()
    world.crash_at = "publish_package.reserved"
    with pytest.raises(Crash):
        world.present(plan, token)
    receipt_id = receipt_in(token).receipt_id
    world.move(seconds=60)
    world.run(reconcile(world.context))
    assert world.state(receipt_id) is ReceiptState.INDETERMINATE
    world.move(minutes=14, seconds=59)
    world.run(reconcile(world.context))
    assert (world.state(receipt_id), world.receipt(receipt_id).lookups) == (ReceiptState.INDETERMINATE, 2)

    world.move(seconds=1)
    world.run(reconcile(world.context))

    assert world.state(receipt_id) is ReceiptState.FAILED
    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, token)


def test_no_answer_settles_nothing_and_a_person_is_asked_in_the_end() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers, world.double.finding = OutcomeStatus.INDETERMINATE, Finding(presence=Presence.UNKNOWN)
    world.present(plan, token)
    world.move(days=1)

    asked = [world.run(reconcile(world.context))[0].needs_person for _ in range(6)]

    assert asked == [False, False, False, False, True, True]
    assert world.state(receipt_in(token).receipt_id) is ReceiptState.INDETERMINATE


def test_other_content_found_after_a_crash_is_a_conflict_and_never_overwritten() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers = OutcomeStatus.INDETERMINATE
    world.present(plan, token)
    world.double.finding = Finding(presence=Presence.OTHER)

    (cleared,) = world.run(reconcile(world.context))

    assert (cleared.state, cleared.needs_person) == (ReceiptState.CONFLICT, True)
    with world.refusing("RECEIPT_ALREADY_OPEN"):
        world.issue(plan)


def failing(entry_type: bytes, fault: Fault) -> FaultOf:
    """Let the next commit of entries of this type fail before or after it is kept."""
    left = [fault]

    def fault_of(change: Change) -> Fault | None:
        return left.pop() if left and b'"type":"' + entry_type + b'"' in change.body else None

    return fault_of


@pytest.mark.parametrize(
    ("entry_type", "fault", "code", "effects"),
    [
        (b"receipt.reserved", Fault.AFTER, "RECEIPT_RESERVED", 0),
        (b"package.published", Fault.BEFORE, "RECEIPT_RESERVED", 1),
        (b"package.published", Fault.AFTER, "RECEIPT_CONSUMED", 1),
    ],
)
def test_a_write_that_is_lost_or_only_reported_lost_spends_the_receipt(
    entry_type: bytes, fault: Fault, code: str, effects: int
) -> None:
    world = World()
    plan, token = world.ready()
    world.break_next(failing(entry_type, fault))
    with pytest.raises(OutcomeUnknownError):
        world.present(plan, token)
    assert sum(world.double.effects.values()) == effects
    world.double.facts["version"] = "absent"

    with world.refusing(code, alert=True):
        world.present(plan, token)

    world.move(minutes=20)
    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))
    assert report.state is ReceiptState.EXECUTED
    assert list(world.double.effects.values()) == [1]


def test_a_reservation_that_was_not_kept_sends_nothing_and_leaves_the_receipt_issued() -> None:
    world = World()
    plan, token = world.ready()
    world.break_next(failing(b"receipt.reserved", Fault.BEFORE))

    with pytest.raises(OutcomeUnknownError):
        world.present(plan, token)

    assert world.double.sent == []
    assert world.present(plan, token).state is ReceiptState.EXECUTED
