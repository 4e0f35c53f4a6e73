"""How our own store performs what was allowed: once, in one change with its receipt, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.acts.activate_policy import POLICY_ARTIFACT
from placet.core.entities.governance import (
    POLICY_IN_FORCE,
    read_policy_in_force,
)
from placet.core.entities.receipts import receipt_key
from placet.core.entities.revocations import REVOCATIONS, all_revocations, all_revocations_premises
from placet.core.entities.runs import RunState, operation_key
from placet.core.entities.stored import required, with_index
from placet.core.execute import Report, execute_plan
from placet.core.judgement import BOOTSTRAP_REQUESTER
from placet.core.lookup import reports_of
from placet.core.perform import perform_core
from placet.core.runs import Intent, move_run, open_run, stored_run
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import DeniedError, UnavailableError
from placet.ports.store import ConflictError
from support.doubles import RestlessStore
from support.governance import NOW, key_of
from support.installation import ACTOR, POLICY
from support.intents import a_certificate, artifact
from support.world import World

LATER = POLICY.replace('version = "v1"', 'version = "v2"')


def core(kind: OperationKind, name: str, version: str = "", **members: Any) -> Intent:
    return Intent(kind=kind, subject=Subject(provider="core", name=name, version=version, tag=""), **members)


def performed(world: World, intent: Intent, requester: str = "person:alice") -> Report:
    (report,) = world.run(execute_plan(world.context, planned(world, intent, requester), actor=ACTOR))
    assert report.state is ReceiptState.EXECUTED
    return report


def planned(world: World, intent: Intent, requester: str = "person:alice") -> Plan:
    return world.plan(intent, requester=requester, subject="governance")


def activation(world: World, text: str, **params: Any) -> Intent:
    document = text.encode()
    world.run(world.blobs.put(document))
    policy = parse_policy(document)
    members = sorted(frozenset[str]().union(*policy.groups.values()))
    return core(
        OperationKind.ACTIVATE_POLICY,
        "policy",
        policy.version,
        params={"policy_digest": policy.digest, "members": members, **params},
        artifacts=(artifact(document, POLICY_ARTIFACT),),
    )


def enrolment(principal_id: str, *keys: str, owner: str = "") -> Intent:
    params: Any = {"public_keys": list(keys), "on_behalf_of": owner}
    return core(OperationKind.ENROL_PRINCIPAL, principal_id, params=params)


def in_force(world: World) -> str:
    return read_policy_in_force(required(world.load(POLICY_IN_FORCE), POLICY_IN_FORCE, "policy")).version


@pytest.mark.parametrize("params", [{"policy_digest": 1}, {"members": "person:alice"}, {"members": [1]}])
def test_odd_parameters_of_an_activation_change_nothing_about_it(params: dict[str, Any]) -> None:
    world = World()
    intent = activation(world, LATER, **params)

    if "members" in params:
        performed(world, intent)
        assert in_force(world) == "v2"
    else:
        with world.refusing("PARAMS_MISMATCH", check="", alert=True):
            performed(world, intent)


def bootstrap(world: World) -> World:
    """Take the policy out of force, as in a team's new installation."""
    world.write(POLICY_IN_FORCE, None)
    return world


def test_what_the_bootstrap_key_planned_before_it_died_is_not_performed() -> None:
    world = bootstrap(World())
    plan = planned(world, enrolment("person:mallory", key_of("mallory").line), BOOTSTRAP_REQUESTER)
    performed(world, activation(world, LATER), BOOTSTRAP_REQUESTER)

    with world.refusing("NO_RULE"):
        world.run(execute_plan(world.context, plan, actor=ACTOR))


def test_the_bootstrap_key_does_nothing_but_enrol_and_activate() -> None:
    world = bootstrap(World())
    provider = core(OperationKind.CHANGE_EXECUTOR, "npm", params={"kind": "npm", "url": "http://127.0.0.1:9"})

    with world.refusing("NO_RULE"):
        planned(world, provider, BOOTSTRAP_REQUESTER)
    performed(world, enrolment("person:zoe", key_of("mallory").line), BOOTSTRAP_REQUESTER)
    assert world.principal("person:zoe").keys


def test_without_a_policy_nobody_else_asks_for_anything() -> None:
    world = bootstrap(World())

    with world.refusing("NO_RULE"):
        planned(world, enrolment("person:zoe"))


def test_an_agent_is_enrolled_on_behalf_of_its_owner() -> None:
    world = World()

    performed(world, enrolment("agent:helper", owner="person:alice"))

    assert world.principal("agent:helper").on_behalf_of == "person:alice"


def test_parameters_of_another_type_are_as_good_as_none() -> None:
    world = World()
    params: Any = {"public_keys": "ssh-ed25519 AAAA", "on_behalf_of": 7}

    performed(world, core(OperationKind.ENROL_PRINCIPAL, "person:zoe", params=params))

    assert (world.principal("person:zoe").keys, world.principal("person:zoe").on_behalf_of) == ((), "")


def test_every_certificate_of_a_day_and_of_a_name_has_a_number_of_its_own() -> None:
    world = World()

    issued = [world.certificate() for _ in range(3)]

    assert issued == [f"CERT-PKG-20260304-{number:03}" for number in (1, 2, 3)]
    assert world.authority.issued == 3


def test_at_midnight_the_numbers_begin_anew() -> None:
    world = World()
    world.certificate()
    world.clock.at = NOW.replace(hour=23, minute=59, second=59) + timedelta(seconds=1)

    assert world.certificate() == "CERT-PKG-20260305-001"


def request_of(world: World, plan: Plan) -> bytes:
    """Return the certificate request that a plan carries."""
    return world.run(world.blobs.get(Digest("sha256:" + plan.operations[0].artifacts[0].sha256)))


def test_a_public_key_is_certified_once_ever() -> None:
    world = World()
    plan = world.certificate_plan()
    world.run(execute_plan(world.context, plan, actor=ACTOR))
    again = world.plan(a_certificate(request_of(world, plan)), subject="again")

    with world.refusing("KEY_WEAK"):
        world.run(execute_plan(world.context, again, actor=ACTOR))


def test_a_core_operation_is_performed_once_and_reported_when_asked_again() -> None:
    world = World()
    plan = world.certificate_plan()

    first = world.run(execute_plan(world.context, plan, actor=ACTOR))
    again = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert first == again
    assert world.authority.issued == 1


def test_a_core_operation_performed_by_two_at_once_is_performed_once() -> None:
    world = World()
    plan = world.certificate_plan()
    operation = plan.operations[0]
    content = {"request.csr.pem": request_of(world, plan)}
    world.meanwhile(lambda: world.run(perform_core(world.context, operation, content, actor="person:bob")))

    with pytest.raises(DeniedError) as caught:
        world.run(perform_core(world.context, operation, content, actor=ACTOR))

    assert caught.value.code == "RECEIPT_ALREADY_OPEN"
    assert len(world.entries("package.certificate.issued")) == 1


def test_a_core_operation_whose_state_was_put_back_is_stopped_by_the_once_key_of_its_effect() -> None:
    world = World()
    plan = world.certificate_plan()
    world.run(execute_plan(world.context, plan, actor=ACTOR))
    world.write(operation_key(plan.operations[0].operation_id), None)

    with world.refusing("RECEIPT_CONSUMED", check="", alert=True):
        world.run(execute_plan(world.context, plan, actor=ACTOR))


def test_a_denied_core_operation_names_no_receipt_for_none_was_issued() -> None:
    world = World()
    plan = world.certificate_plan()

    with world.refusing("ARTIFACT_MISMATCH") as refused:
        world.run(perform_core(world.context, plan.operations[0], {"request.csr.pem": b"other"}, actor=ACTOR))

    assert refused.data["receipt_id"] == ""


def test_another_operation_than_the_planned_one_is_not_performed() -> None:
    world = World()
    plan = world.certificate_plan()
    other = replace(plan.operations[0], operation_id=plan.operations[0].operation_id + "0")

    with world.refusing("OPERATION_MISMATCH", check=""):
        world.run(perform_core(world.context, other, {}, actor=ACTOR))


def test_nothing_is_performed_in_a_run_that_has_ended() -> None:
    world = World()
    plan = world.certificate_plan()
    world.run(move_run(world.context, plan.run_id, RunState.ABANDONED, actor=ACTOR))

    with world.refusing("RUN_CLOSED"):
        world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert world.run(stored_run(world.context, plan.run_id)).certificate_id == ""


def test_the_receipt_of_a_core_operation_is_spent_in_the_change_that_issued_it() -> None:
    world = World()
    plan = world.certificate_plan()

    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    (entry,) = world.entries("package.certificate.issued")
    assert isinstance(entry.body.data, dict)
    receipt = entry.body.data["receipt"]
    assert isinstance(receipt, dict)
    assert receipt["receipt_id"] == report.receipt_id
    assert world.state(report.receipt_id) is ReceiptState.EXECUTED
    assert world.load(key := receipt_key(report.receipt_id)).entities[key].revision == entry.seq


def test_a_conflict_that_is_no_repetition_is_told_as_what_it_is() -> None:
    world = World()
    plan = world.certificate_plan()
    operation = plan.operations[0]
    contents = {"request.csr.pem": request_of(world, plan)}
    restless = RestlessStore(world.ledger, "once", "certificate/CERT-PKG-20260304-001")

    with pytest.raises(ConflictError) as caught:
        world.run(perform_core(replace(world.context, store=restless), operation, contents, actor=ACTOR))

    assert caught.value.name == "certificate/CERT-PKG-20260304-001"
    assert world.entries("package.certificate.issued") == []


def test_a_run_without_a_plan_has_nothing_to_report() -> None:
    world = World()
    run = world.run(open_run(world.context, mode=Mode.PROD, requester=ACTOR, subject="x"))

    assert world.run(reports_of(world.context, run)) == []


def test_a_revocation_that_was_counted_and_is_gone_makes_the_list_unusable() -> None:
    world = World()
    world.write(REVOCATIONS, with_index({"count": 1}, []))
    snapshot = world.load(*all_revocations_premises(world.load(REVOCATIONS)))

    with pytest.raises(UnavailableError) as caught:
        all_revocations(snapshot)

    assert caught.value.code == "LEDGER_CORRUPT"
