"""Deciding again while the state moves, and minting the one receipt that the policy allows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from placet.core.authorize import measure
from placet.core.context import Context
from placet.core.decide import Decision, decide, load
from placet.core.entities.governance import BOOTSTRAP, POLICY_IN_FORCE, BootstrapKey
from placet.core.entities.runs import RunState, run_key
from placet.core.execute import execute_plan
from placet.core.judgement import BOOTSTRAP_REQUESTER, judge, judgement_premises
from placet.core.mint import standing_receipt
from placet.core.runs import Intent, add_plan, move_run, open_run, stored_plan, stored_run
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import ABSENT, EntityKey, Snapshot
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import DeniedError, NotFoundError, UnavailableError
from placet.ports.store import ConflictError
from support.doubles import RestlessStore
from support.forging import forged, planted, receipt_in
from support.governance import NOW
from support.installation import ACTOR, REQUESTER
from support.intents import a_publication, an_object, artifact
from support.world import World

KEY = EntityKey("thing/one")


def deciding(context: Context, instants: list[datetime]) -> None:
    """Decide to write nothing, and keep at which instants that was decided."""

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        del snapshot
        instants.append(now)
        return Decision(type="thing.written", actor=ACTOR, subject="", data={}, writes={})

    World.run(decide(context, lambda _: (KEY,), decision))


@pytest.mark.parametrize("reason", ["premise", "epoch"])
def test_what_never_settles_is_given_up(reason: str) -> None:
    world = World()
    restless = RestlessStore(world.ledger, reason, KEY)
    instants: list[datetime] = []

    with pytest.raises(UnavailableError) as caught:
        deciding(replace(world.context, store=restless), instants)

    assert (caught.value.code, len(instants), restless.commits) == ("BUSY", 64, 64)


def test_a_taken_entry_id_is_drawn_again_and_a_taken_once_key_decided_once_more() -> None:
    world = World()
    for name, times in (("event/evt_1", 64), ("effect/x", 2)):
        restless = RestlessStore(world.ledger, "once", name)
        with pytest.raises((UnavailableError, ConflictError)):
            deciding(replace(world.context, store=restless), [])
        assert restless.commits == times


def test_a_full_counter_is_a_denial() -> None:
    world = World()

    with pytest.raises(DeniedError) as caught:
        deciding(replace(world.context, store=RestlessStore(world.ledger, "counter", "2026/plans")), [])

    assert caught.value.code == "RATE_LIMITED"


def test_after_a_time_ran_out_it_is_at_least_that_late() -> None:
    world = World()
    instants: list[datetime] = []
    late = NOW + timedelta(minutes=5)
    restless = RestlessStore(world.ledger, "expired", "2026-03-04T05:11:07.890Z")

    with pytest.raises(UnavailableError):
        deciding(replace(world.context, store=restless), instants)

    assert instants[:2] == [NOW, late]


def test_premises_are_asked_for_until_nothing_is_new_and_are_of_one_moment() -> None:
    world = World()
    world.store.loaded.clear()
    chain = [EntityKey(f"thing/{number}") for number in range(4)]

    def premises(snapshot: Snapshot | None) -> list[EntityKey]:
        seen = 0 if snapshot is None else len(snapshot.entities)
        return chain[: seen + 1]

    snapshot = world.run(load(world.context, premises))

    assert snapshot.entities == dict.fromkeys(chain, ABSENT)
    assert [len(keys) for keys in world.store.loaded] == [1, 2, 3, 4]


def test_bytes_are_measured_whether_they_were_planned_or_not() -> None:
    operation = planned(an_object(artifacts=(artifact(b"one", "b"), artifact(b"two", "a"))))

    assert measure(operation, {"a": b"two", "b": b"one"}) == operation.artifacts
    assert measure(operation, {"a": b"two"}) == operation.artifacts[1:]
    assert measure(operation, {"c": b"more", "a": b"two", "b": b"one"}) == (
        *operation.artifacts,
        artifact(b"more", "c"),
    )


def planned(intent: Intent) -> Operation:
    return World().plan(intent).operations[0]


def test_a_receipt_that_was_issued_before_a_crash_is_gone_on_with() -> None:
    world = World()
    plan, token = world.ready()
    operation_id = plan.operations[0].operation_id

    assert world.run(standing_receipt(world.context, operation_id)) == token
    world.rebuild(receipt_secrets={})
    assert world.run(standing_receipt(world.context, operation_id)) is None


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=1)])
def test_a_receipt_that_expired_is_not_gone_on_with(late: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = receipt_in(token).expires_at + late

    assert world.run(standing_receipt(world.context, plan.operations[0].operation_id)) is None


def test_there_is_no_standing_receipt_before_the_first_nor_after_its_use() -> None:
    world = World()
    plan = world.approved(world.plan())
    operation_id = plan.operations[0].operation_id
    assert world.run(standing_receipt(world.context, operation_id)) is None
    world.present(plan, world.issue(plan))

    assert world.run(standing_receipt(world.context, operation_id)) is None


def test_a_receipt_whose_row_and_operation_disagree_is_not_gone_on_with() -> None:
    world = World()
    plan, token = world.ready()
    record = world.receipt(receipt_in(token).receipt_id)
    world.write(record.key, record.revoked().to_object())

    assert world.run(standing_receipt(world.context, plan.operations[0].operation_id)) is None


def test_no_receipt_is_issued_for_what_is_not_in_the_plan() -> None:
    world = World()
    plan = world.approved(world.plan())
    stranger = replace(plan, operations=(replace(plan.operations[0], operation_id=f"{plan.run_id}/1/2"),))

    with world.refusing("OPERATION_MISMATCH", check=""):
        world.issue(stranger)


def test_no_receipt_is_issued_for_a_plan_that_is_not_there() -> None:
    world = World()
    plan = world.approved(world.plan())
    stranger = replace(plan, operations=(replace(plan.operations[0], operation_id=f"{plan.run_id}/2/1"),))

    with pytest.raises(NotFoundError):
        world.issue(stranger)


def test_operations_are_performed_in_order() -> None:
    world = World()
    plan = world.approved(world.plan(an_object(), a_publication()))

    with world.refusing("OPERATION_OUT_OF_ORDER"):
        world.issue(plan, 2)

    world.present(plan, world.issue(plan, 1))
    assert world.present(plan, world.issue(plan, 2), step=2).state is ReceiptState.EXECUTED


def test_no_receipt_is_issued_in_a_run_that_has_ended() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.run(move_run(world.context, plan.run_id, RunState.ABANDONED, actor=ACTOR))

    with world.refusing("RUN_CLOSED"):
        world.issue(plan)


def test_a_receipt_says_on_what_it_was_issued() -> None:
    world = World()
    plan, token = world.ready()
    receipt = receipt_in(token)

    assert (receipt.plan_digest, receipt.run_id, receipt.audience) == (plan.digest(), plan.run_id, "npm")
    assert (receipt.approvers, receipt.policy_version, receipt.issuer) == (
        ("person:alice",),
        "v1",
        world.context.issuer,
    )
    assert receipt.decided_at_size == len(world.contents()) - 1
    assert world.state(receipt.receipt_id) is ReceiptState.ISSUED


def test_two_receipts_of_the_same_instant_differ() -> None:
    world = World()
    receipts = [receipt_in(world.ready(subject=f"run {number}")[1]) for number in range(3)]

    assert len({receipt.receipt_id for receipt in receipts}) == 3
    assert len({receipt.nonce for receipt in receipts}) == 3


def test_nothing_is_judged_without_a_plan_or_for_an_operation_that_it_lacks() -> None:
    world = World()
    plan = world.approved(world.plan())
    snapshot = world.load(*judgement_premises(world.load(), plan))
    stranger = replace(plan.operations[0], operation_id=f"{plan.run_id}/1/2")

    judged = [
        judge(world.context, snapshot, None, plan.operations[0], NOW),
        judge(world.context, snapshot, plan, stranger, NOW),
    ]

    assert [[refusal.code for refusal in each.refusals] for each in judged] == [["PLAN_MISMATCH"]] * 2


@pytest.mark.parametrize("live", [True, False])
def test_the_bootstrap_key_is_judged_by_its_life_and_by_what_it_asks(live: bool) -> None:
    world = World()
    plan = replace(world.certificate_plan(), requester=BOOTSTRAP_REQUESTER)
    world.write(POLICY_IN_FORCE, None)
    world.write(BOOTSTRAP, BootstrapKey(digest=sha256(b"key"), live=live).to_object())
    snapshot = world.load(*judgement_premises(world.load(), plan))
    enrolling = replace(plan.operations[0], operation_kind=OperationKind.ENROL_PRINCIPAL)

    allowed = judge(world.context, snapshot, plan, enrolling, NOW)
    refused = judge(world.context, snapshot, plan, plan.operations[0], NOW)

    assert [refusal.code for refusal in refused.refusals] == ["NO_RULE"]
    assert bool(allowed.refusals) is not live


def test_a_second_plan_of_one_number_never_replaces_the_first() -> None:
    world = World()
    run = world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject="x"))
    first = world.run(add_plan(world.context, run, [a_publication()]))

    with pytest.raises(ConflictError):
        world.run(add_plan(world.context, run, [an_object()]))

    assert world.run(stored_plan(world.context, run.run_id, 1)) == first


def test_nothing_is_planned_in_a_run_that_has_ended() -> None:
    world = World()
    run = world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject="x"))
    world.run(move_run(world.context, run.run_id, RunState.ABANDONED, actor=ACTOR))

    with world.refusing("RUN_CLOSED"):
        world.run(add_plan(world.context, run, [a_publication()]))


def test_a_run_that_has_come_to_a_state_stays_there() -> None:
    world = World()
    plan = world.plan()

    for _ in range(2):
        moved = world.run(move_run(world.context, plan.run_id, RunState.EXECUTED, actor=ACTOR))
        assert moved.state is RunState.EXECUTED
    with pytest.raises(DeniedError) as caught:
        world.run(move_run(world.context, plan.run_id, RunState.DENIED, actor=ACTOR))

    assert caught.value.code == "RUN_CLOSED"
    assert len(world.entries("run.executed")) == 1


def test_what_is_not_there_is_said_not_to_be() -> None:
    world = World()

    with pytest.raises(NotFoundError) as caught:
        world.run(stored_run(world.context, "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"))

    assert caught.value.code == "NOT_FOUND"
    assert world.load(run_key("x")).entities == {run_key("x"): ABSENT}


def test_a_plan_stops_at_the_first_operation_that_does_not_execute() -> None:
    world = World()
    plan = world.approved(world.plan(an_object(), a_publication()))
    world.double.facts["version"] = "1.0.0"

    with pytest.raises(DeniedError) as caught:
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert caught.value.code == "STALE_SUBJECT"
    assert [str(each.operation.subject) for each in world.double.sent] == ["files:@acme/tool@1.0.0"]


def test_a_receipt_planted_under_the_right_id_is_told_from_the_issued_one() -> None:
    world = World()
    plan, token = world.ready()
    told = planted(world, forged(world, token, nonce="f" * 32))

    with world.refusing("RECEIPT_PAYLOAD_MISMATCH"):
        world.present(plan, token)
    assert world.present(plan, told).state is ReceiptState.EXECUTED
