"""A run's audit has one record per attempt, denial and blocked intent, each as the ledger has it."""

from __future__ import annotations

import pytest

from placet.domain.values.kinds import Mode, OutcomeStatus
from placet.errors import DeniedError
from placet.usecases.audit_run import AuditRecord, AuditStatus, audit_run
from placet.usecases.dry_run import record_intents
from support.intents import an_object
from support.world import World


def records(world: World, run_id: str) -> tuple[AuditRecord, ...]:
    return world.run(audit_run(world.context, run_id)).records


def test_an_attempt_is_told_from_its_reservation_to_its_outcome() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)

    (record,) = records(world, plan.run_id)

    assert record.status is AuditStatus.SUCCESS
    assert record.operation == plan.operations[0]
    assert record.checks["check_8"] == "pass"
    assert record.completed_at is not None
    assert record.started_at <= record.completed_at
    assert (record.error_code, record.response, record.retry_count) == ("", {"status": 201}, 0)


@pytest.mark.parametrize(
    ("answer", "status"),
    [(OutcomeStatus.FAILED, AuditStatus.FAILED), (OutcomeStatus.INDETERMINATE, AuditStatus.INDETERMINATE)],
)
def test_what_did_not_succeed_is_told_with_its_code_and_what_it_means(
    answer: OutcomeStatus, status: AuditStatus
) -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers, world.double.acts = answer, False
    world.present(plan, token)

    (record,) = records(world, plan.run_id)

    assert (record.status, record.error_code) == (status, "OUTCOME_UNKNOWN")
    assert record.error_message.startswith("It may have been done or not")
    assert (record.completed_at is None) is (status is AuditStatus.INDETERMINATE)


def test_each_attempt_has_a_record_of_its_own() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers, world.double.acts = OutcomeStatus.FAILED, False
    world.present(plan, token)
    world.double.answers, world.double.acts = OutcomeStatus.EXECUTED, True
    world.present(plan, world.issue(plan))

    assert [each.status for each in records(world, plan.run_id)] == [AuditStatus.FAILED, AuditStatus.SUCCESS]


def test_a_receipt_that_was_never_used_was_no_attempt() -> None:
    world = World()
    plan, _ = world.ready()

    assert records(world, plan.run_id) == ()


def test_a_denial_is_a_record_with_the_check_that_failed() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)
    with pytest.raises(DeniedError):
        world.present(plan, token)

    _, denied = records(world, plan.run_id)

    assert (denied.status, denied.error_code) == (AuditStatus.REJECTED_BY_AUTH, "RECEIPT_CONSUMED")
    assert denied.checks["check_6"] == "fail"
    assert denied.operation == plan.operations[0]


def test_a_core_operation_is_one_record_of_one_moment() -> None:
    world = World()
    world.certificate()
    (run_id,) = {each.body.data["run_id"] for each in world.entries("plan.created") if isinstance(each.body.data, dict)}

    (record,) = records(world, str(run_id))

    assert (record.status, record.started_at) == (AuditStatus.SUCCESS, record.completed_at)
    assert record.checks == {}


def test_what_a_dry_run_blocked_is_rejected_by_mode() -> None:
    world = World()
    plan = world.plan(an_object(), mode=Mode.DRY_RUN)
    world.run(record_intents(world.context, plan.run_id))

    (record,) = records(world, plan.run_id)

    assert (record.status, record.error_code, record.mode) == (
        AuditStatus.REJECTED_BY_MODE,
        "MODE_NOT_PROD",
        Mode.DRY_RUN,
    )
    assert "APPROVALS_MISSING" in record.error_message


def test_a_denial_for_its_mode_is_rejected_by_mode() -> None:
    world = World()
    plan, token = world.ready()
    with pytest.raises(DeniedError):
        world.present(plan, token, mode="dry_run")

    (denied,) = records(world, plan.run_id)

    assert denied.status is AuditStatus.REJECTED_BY_MODE
