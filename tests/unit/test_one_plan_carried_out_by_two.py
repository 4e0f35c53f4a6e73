"""Two processes go on with one plan: whoever is slower is told what became of the operation, and does nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from placet.core.execute import Report, execute_operation
from placet.core.mint import issue_receipt
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import DeniedError
from support.installation import ACTOR
from support.intents import an_object
from support.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def plan(world: World) -> Plan:
    return world.approved(world.plan(an_object()))


def carry_out(world: World, plan: Plan) -> Report:
    return world.run(execute_operation(world.context, plan, plan.operations[0], actor=ACTOR))


def issue(world: World, plan: Plan) -> str:
    return world.run(issue_receipt(world.context, plan.operations[0].operation_id, actor=ACTOR))


def meanwhile(world: World, work: Callable[[], object]) -> None:
    """Let the other process do something between our next decision and its commit."""

    def interrupt() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    world.store.before_commit = interrupt


def test_who_comes_too_late_to_reserve_reports_what_the_other_did(world: World, plan: Plan) -> None:
    issue(world, plan)
    meanwhile(world, lambda: carry_out(world, plan))
    assert carry_out(world, plan).state is ReceiptState.EXECUTED
    assert Counter(world.double.effects.values()) == Counter([1])
    assert [each["code"] for each in world.denials()] == ["RECEIPT_CONSUMED"]


def test_who_comes_too_late_to_issue_reports_what_the_other_did(world: World, plan: Plan) -> None:
    meanwhile(world, lambda: carry_out(world, plan))
    assert carry_out(world, plan).state is ReceiptState.EXECUTED
    assert Counter(world.double.effects.values()) == Counter([1])
    assert [each["code"] for each in world.denials()] == ["RECEIPT_ALREADY_OPEN"]


def test_who_comes_too_late_to_issue_goes_on_with_the_receipt_that_stands(world: World, plan: Plan) -> None:
    meanwhile(world, lambda: issue(world, plan))
    report = carry_out(world, plan)
    assert report.state is ReceiptState.EXECUTED
    assert len(world.entries("receipt.issued")) == 1


def test_what_the_other_could_not_do_is_reported_as_failed(world: World, plan: Plan) -> None:
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    issue(world, plan)
    meanwhile(world, lambda: carry_out(world, plan))
    assert carry_out(world, plan).state is ReceiptState.FAILED
    assert len(world.double.sent) == 1


def test_a_receipt_that_stands_under_a_key_which_is_not_here_stays_in_the_way(world: World, plan: Plan) -> None:
    issue(world, plan)
    world.context = replace(world.context, receipt_secrets={"receipt-2": bytes(32)}, minting_key="receipt-2")
    with pytest.raises(DeniedError, match="RECEIPT_ALREADY_OPEN"):
        carry_out(world, plan)
    assert world.double.sent == []
