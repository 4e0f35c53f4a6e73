"""A03: a receipt authorises its own operation and no other, by kind, by id, by certificate."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from placet.domain.authorization.checks import _operation
from placet.domain.authorization.facts import Facts, Request, VerifiedReceipt
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError
from support.forging import payload_of, receipt_in
from support.intents import a_publication, an_object
from support.world import World

KINDS = list(permutations(OperationKind, 2))
FACTS = Facts(
    issuer="",
    plan=None,
    stored=None,
    contents=(),
    policy_digest=sha256(b""),
    refusals=(),
    frozen=(),
    requester_active=True,
    certificate=None,
    held_by="",
    place="",
    observations=(),
)


def test_all_pairs_of_operation_kinds_are_told_apart() -> None:
    world = World()
    plan, token = world.ready()
    codes = set()

    for granted, wanted in KINDS:
        receipt = replace(receipt_in(token), operation_kind=granted)
        operation = replace(plan.operations[0], operation_kind=wanted)
        request = Request(mode="prod", run_id=plan.run_id, operation=operation, token=token)
        with pytest.raises(DeniedError) as caught:
            _operation(request, VerifiedReceipt(receipt=receipt, payload=payload_of(token)), FACTS, world.clock.now())
        codes.add(caught.value.code)

    assert (len(KINDS), codes) == (len(OperationKind) * (len(OperationKind) - 1), {"OPERATION_MISMATCH"})


@pytest.mark.parametrize("kind", [kind for kind in OperationKind if kind is not OperationKind.PUBLISH_PACKAGE])
def test_a_publication_s_receipt_does_nothing_of_another_kind(kind: OperationKind) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("OPERATION_MISMATCH"):
        world.present(plan, token, operation=replace(plan.operations[0], operation_kind=kind))


def test_no_step_of_a_plan_passes_under_the_receipt_of_another() -> None:
    world = World()
    plan = world.approved(world.plan(an_object("a"), an_object("b"), an_object("c")))
    for step in (1, 2, 3):
        token = world.issue(plan, step)
        for other in {1, 2, 3} - {step}:
            with world.refusing("OPERATION_MISMATCH"):
                world.present(plan, token, step=other)
        world.present(plan, token, step=step)

    assert list(world.double.effects.values()) == [1, 1, 1]


@pytest.mark.parametrize("identity", ["1/2", "2/1", "1/10", "01/1", "1/1 ", "1/1/1", ""])
def test_the_same_effect_under_another_id_is_another_operation(identity: str) -> None:
    world = World()
    plan, token = world.ready()
    operation = replace(plan.operations[0], operation_id=f"{plan.run_id}/{identity}")

    with world.refusing("OPERATION_MISMATCH"):
        world.present(plan, token, operation=operation)


@pytest.mark.parametrize("certificate", ["CERT-PKG-20260304-001", " ", "none"])
def test_another_certificate_is_another_operation(certificate: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("OPERATION_MISMATCH"):
        world.present(plan, token, operation=replace(plan.operations[0], certificate_id=certificate))


@pytest.mark.parametrize("provider", ["mirror", "files", "core", "", "NPM"])
def test_another_provider_is_refused_first(provider: str) -> None:
    world = World()
    plan, token = world.ready()
    subject = replace(plan.operations[0].subject, provider=provider)
    operation = replace(plan.operations[0], subject=subject, operation_kind=OperationKind.PUT_OBJECT)

    with world.refusing("AUDIENCE_MISMATCH"):
        world.present(plan, token, operation=operation)


def test_the_receipt_of_one_registry_publishes_to_no_other() -> None:
    world = World()
    elsewhere = a_publication(subject=replace(a_publication().subject, provider="mirror"))
    plan = world.approved(world.plan(a_publication(), elsewhere))
    token = world.issue(plan)

    with world.refusing("AUDIENCE_MISMATCH"):
        world.present(plan, token, step=2)


def test_a_core_operation_s_receipt_is_never_handed_out() -> None:
    world = World()
    register = an_object(kind=OperationKind.REGISTER_PACKAGE, subject=replace(an_object().subject, provider="core"))
    plan = world.approved(world.plan(register))

    with world.refusing("OPERATION_MISMATCH", check=""):
        world.issue(plan)
