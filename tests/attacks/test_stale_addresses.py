"""A provider's record is replaced after the plan was approved: no effect and no look-up follows it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.core.context import Settings
from placet.core.entities.governance import provider_key
from placet.core.entities.runs import plan_key_of, plan_object
from placet.core.execute import execute_operation, execute_plan
from placet.core.runs import Intent
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Precondition
from placet.domain.authorization.place import asked_of_provider, planned_place
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import InvalidInputError
from placet.ports.effects import Provider
from placet.usecases.approve_plan import show_ballot
from placet.usecases.reconcile import reconcile
from support.installation import ACTOR
from support.intents import a_publication, an_object
from support.world import World

HERE = Provider(provider_id="npm", kind="npm", url="http://127.0.0.1:9", credential="")
ELSEWHERE = replace(HERE, url="http://127.0.0.2:9")
OTHERWISE = [
    ELSEWHERE,
    replace(HERE, private=True),
    replace(HERE, kind="folder"),
    replace(HERE, url="http://127.0.0.1:9/"),
]
INTENTS = pytest.mark.parametrize("intent", [a_publication(), an_object()], ids=["package", "object"])


def move(world: World, plan: Plan) -> None:
    """Let the provider of the plan's first operation lead elsewhere."""
    provider = plan.operations[0].subject.provider
    kind = "npm" if provider == "npm" else "folder"
    world.provide(Provider(provider_id=provider, kind=kind, url="file:/elsewhere", credential=""))


def test_the_text_that_is_signed_says_where_each_effect_goes() -> None:
    world = World()
    plan = world.plan(an_object(), a_publication())

    text = world.run(show_ballot(world.context, plan.run_id, "person:alice")).text

    assert '  provider: "files"\n  goes to: "folder file:/nowhere"\n' in text
    assert '  provider: "npm"\n  goes to: "npm http://127.0.0.1:9"\n' in text
    assert 'only if: "version is absent"' in text
    assert 'only if: "provider' not in text


def test_the_same_plan_for_another_address_is_another_operation() -> None:
    first, second = World(), World()
    second.provide(ELSEWHERE)

    one, other = first.plan(), second.plan()

    assert one.operations[0].digest(one.mode) != other.operations[0].digest(other.mode)
    assert asked_of_provider(one.operations[0]) == asked_of_provider(other.operations[0])


@pytest.mark.parametrize("record", OTHERWISE, ids=lambda each: each.place)
def test_what_was_approved_for_one_address_is_not_issued_for_another(record: Provider) -> None:
    world = World()
    plan = world.approved(world.plan())
    world.provide(record)

    with world.refusing("STALE_SUBJECT", check="") as refused:
        world.issue(plan)

    assert record.place in refused.sentence
    assert HERE.place in refused.sentence


@INTENTS
def test_a_receipt_for_one_address_is_not_spent_at_another(intent: Intent) -> None:
    world = World()
    plan, token = world.ready(intent)
    move(world, plan)

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)

    assert world.double.reads == 0


def test_an_address_that_moves_between_decision_and_commit_is_found_by_the_commit() -> None:
    world = World()
    plan, token = world.ready(an_object())
    world.meanwhile(lambda: move(world, plan))

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


def test_an_address_that_moves_between_reservation_and_sending_is_sent_nothing() -> None:
    world = World()
    plan, token = world.ready(an_object())

    def moved(point: str) -> None:
        if point == "put_object.reserved":
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(move, world, plan).result()

    world.context = world.context.told(moved)
    report = world.present(plan, token)

    assert (report.state, report.error_code) == (ReceiptState.FAILED, "EGRESS_DENIED")
    assert (world.double.sent, world.double.look_ups) == ([], 0)


def test_an_effect_in_doubt_is_not_looked_up_at_another_address() -> None:
    world = World()
    world.rebuild(settings=Settings(settle={"folder": timedelta(0)}))
    world.double.answers = OutcomeStatus.INDETERMINATE
    plan, token = world.ready(an_object())
    assert world.present(plan, token).state is ReceiptState.INDETERMINATE
    world.move(minutes=5)
    move(world, plan)

    (cleared,) = world.run(reconcile(world.context))

    assert cleared.state is ReceiptState.INDETERMINATE
    assert cleared.problem.startswith("EGRESS_DENIED")
    assert world.double.look_ups == 0

    world.provide(Provider(provider_id="files", kind="folder", url="file:/nowhere", credential=""))
    (cleared,) = world.run(reconcile(world.context))
    assert cleared.state is ReceiptState.EXECUTED


def test_nobody_approves_what_leads_elsewhere_already() -> None:
    world = World()
    plan = world.plan()
    world.provide(ELSEWHERE)

    with world.refusing("STALE_SUBJECT", check=""):
        world.approved(plan)

    world.deny(plan)
    assert len(world.entries("approval.recorded")) == 1


def test_a_provider_that_was_added_after_the_plan_was_not_approved_either() -> None:
    world = World()
    intent = a_publication(subject=replace(a_publication().subject, provider="mirror"))
    world.write(provider_key("mirror"), None)
    plan = world.approved(world.plan(intent))
    world.provide(replace(HERE, provider_id="mirror"))

    with world.refusing("STALE_SUBJECT", check="") as refused:
        world.issue(plan)

    assert "planned was nowhere" in refused.sentence


def test_a_provider_that_was_removed_leads_nowhere() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.write(provider_key("npm"), None)

    with world.refusing("STALE_SUBJECT", check="") as refused:
        world.issue(plan)

    assert "leads to nowhere" in refused.sentence


def test_a_plan_of_an_earlier_release_that_does_not_say_where_is_planned_again() -> None:
    world = World()
    plan = world.plan()
    (operation,) = plan.operations
    silent = replace(plan, operations=(replace(operation, preconditions=asked_of_provider(operation)),))
    world.write(plan_key_of(operation.operation_id), plan_object(silent))

    with world.refusing("STALE_SUBJECT", check=""):
        world.issue(silent)


def test_another_credential_for_the_same_address_changes_nothing() -> None:
    world = World()
    plan, token = world.ready()
    world.provide(replace(HERE, credential="env:ANOTHER"))

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_what_was_done_before_the_address_moved_is_done_and_the_rest_is_refused() -> None:
    world = World()
    plan = world.approved(world.plan(an_object(), a_publication()))
    first = world.run(execute_operation(world.context, plan, plan.operations[0], actor=ACTOR))
    world.provide(ELSEWHERE)

    with world.refusing("STALE_SUBJECT", check=""):
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert first.state is ReceiptState.EXECUTED
    assert [each.operation.subject.provider for each in world.double.sent] == ["files"]


def test_where_an_effect_goes_is_not_asked_for() -> None:
    world = World()
    where = Precondition(fact="provider", expected="npm https://evil.example.com/")

    with pytest.raises(InvalidInputError) as caught:
        world.plan(a_publication(preconditions=(where,)))

    assert caught.value.code == "PLAN_INVALID"
    assert world.entries("plan.created") == []


def test_core_operations_go_nowhere() -> None:
    world = World()

    assert planned_place(world.certificate_plan().operations[0]) == ""
