"""Asking for the authorization of an operation, and what the checks say of a receipt meanwhile (contract 8)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.assess import assess
from placet.core.key_making import make_key
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan import Plan
from placet.domain.certificate.request import key_of_request
from placet.domain.encoding.pem import read_request
from placet.domain.values.kinds import Mode
from placet.errors import ApprovalsPendingError, DeniedError, NotFoundError, PlacetError
from placet.usecases.request_receipt import request_receipt
from placet.usecases.show_receipt import ReceiptView, show_receipt
from support.intents import a_publication, an_object
from support.world import World

EIGHT = [f"check_{number}" for number in range(1, 9)]


def ask(world: World, plan: Plan, step: int = 1) -> str:
    return world.run(request_receipt(world.context, plan.operations[step - 1].operation_id))


def show(world: World, receipt_id: str) -> ReceiptView:
    return world.run(show_receipt(world.context, receipt_id))


def test_an_approved_operation_gets_its_receipt_and_keeps_it() -> None:
    world = World()
    plan = world.approved(world.plan())

    receipt_id = ask(world, plan)

    assert ask(world, plan) == receipt_id
    assert world.state(receipt_id) is ReceiptState.ISSUED
    assert len(world.entries("receipt.issued")) == 1


def test_where_approvals_are_missing_nothing_is_denied() -> None:
    world = World()
    plan = world.plan()

    with pytest.raises(ApprovalsPendingError) as caught:
        ask(world, plan)

    assert (caught.value.run_id, caught.value.code) == (plan.run_id, "APPROVALS_MISSING")
    assert world.denials() == []


def test_a_receipt_out_of_turn_or_for_a_rehearsal_is_denied_on_record() -> None:
    world = World()
    plan = world.approved(world.plan(a_publication(), an_object()))
    with world.refusing("OPERATION_OUT_OF_ORDER"):
        ask(world, plan, step=2)

    with pytest.raises(DeniedError, match="MODE_NOT_PROD"):
        ask(world, world.plan(mode=Mode.DRY_RUN))


@pytest.mark.parametrize(
    "operation_id", ["x", "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/1", "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/../2"]
)
def test_for_an_operation_that_is_not_there_nothing_is_issued(operation_id: str) -> None:
    world = World()
    with pytest.raises(NotFoundError):
        world.run(request_receipt(world.context, operation_id))


def test_for_a_step_that_the_plan_does_not_have_nothing_is_issued() -> None:
    world = World()
    plan = world.approved(world.plan())
    with pytest.raises(NotFoundError):
        world.run(request_receipt(world.context, plan.operations[0].operation_id[:-1] + "2"))


def test_an_unused_receipt_passes_every_check_and_stays_as_it_is() -> None:
    world = World()
    receipt_id = ask(world, world.approved(world.plan()))
    before = world.store.commits

    shown = show(world, receipt_id)

    assert [shown.assessment.checks[each] for each in EIGHT] == ["pass"] * 8
    assert (shown.assessment.code, world.state(receipt_id)) == ("", ReceiptState.ISSUED)
    assert world.store.commits == before
    assert world.double.reads == 0


def test_what_would_deny_it_now_is_told_by_the_check_that_fails() -> None:
    world = World()
    receipt_id = ask(world, world.approved(world.plan()))
    world.freeze("npm:@acme/*")
    frozen = show(world, receipt_id).assessment
    world.move(hours=2)
    expired = show(world, receipt_id).assessment

    assert (frozen.code, frozen.checks["check_9"], frozen.checks["check_8"]) == ("FROZEN", "fail", "pass")
    assert (expired.code, expired.checks["check_7"], expired.checks["check_8"]) == (
        "RECEIPT_EXPIRED",
        "fail",
        "not_evaluated",
    )
    assert "out" in expired.sentence or expired.sentence


def test_a_receipt_whose_key_is_gone_is_told_to_be_good_for_nothing() -> None:
    world = World()
    receipt_id = ask(world, world.approved(world.plan()))
    record = world.receipt(receipt_id)

    assessed = world.run(assess(replace(world.context, receipt_secrets={}), record))

    assert (assessed.code, assessed.checks["check_2b"]) == ("KEY_UNKNOWN", "fail")


def test_a_used_receipt_shows_the_checks_that_it_passed() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.present(plan, world.issue(plan))
    (entry,) = world.entries("receipt.reserved")
    assert isinstance(entry.body.data, dict)

    shown = show(world, str(entry.body.data["receipt_id"]))

    assert shown.assessment.checks == entry.body.data["checks"]


def test_a_core_operation_records_no_checks() -> None:
    world = World()
    world.certificate()
    (entry,) = world.entries("package.certificate.issued")
    assert isinstance(entry.body.data, dict)
    receipt = entry.body.data["receipt"]
    assert isinstance(receipt, dict)

    assert show(world, str(receipt["receipt_id"])).assessment.checks == {}


@pytest.mark.parametrize("algorithm", ["p256", "rsa2048"])
def test_a_key_that_is_made_signs_its_own_request(algorithm: str) -> None:
    secret, request = make_key(World().context.key_maker, algorithm)

    assert secret.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    assert key_of_request(read_request(request)).key_size >= 256


def test_a_plan_that_lost_its_operation_is_no_bug() -> None:
    world = World()
    receipt_id = ask(world, world.approved(world.plan()))
    record = replace(world.receipt(receipt_id), operation_id=world.receipt(receipt_id).operation_id[:-1] + "9")

    with pytest.raises(PlacetError, match="OPERATION_MISMATCH"):
        world.run(assess(world.context, record))
