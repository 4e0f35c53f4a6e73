"""A112: a hardware key that nobody touched, that did not know who touched it, or that was copied."""

from __future__ import annotations

import pytest

from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.ballot import fill_in
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError
from placet.usecases.approve_plan import record_approval, show_ballot
from support.forging import receipt_in
from support.installation import POLICY
from support.soft_keys import SoftKey, soft_key
from support.world import World

HARDWARE = pytest.mark.parametrize("kind", ["sk-ed25519", "sk-ecdsa"])
TOUCHED = POLICY.replace("assurance = 2", "assurance = 3")
PRESENT, VERIFIED = 0x01, 0x05


def enrol(world: World, name: str, key: SoftKey, *, verify_required: bool) -> None:
    intent = Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name=f"person:{name}", version="", tag=""),
        params={"public_keys": list[Value]([key.line]), "on_behalf_of": "", "verify_required": verify_required},
    )
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def approve(world: World, plan: Plan, key: SoftKey, *, name: str = "carol", flags: int = PRESENT, counter: int) -> None:
    """Let a person approve with a token that shows these flags and this counter."""

    async def work() -> None:
        ballot = await show_ballot(world.context, plan.run_id, f"person:{name}")
        said = fill_in(
            ballot,
            approver=f"person:{name}",
            key_id=key.public.key_id,
            decision=ApprovalDecision.APPROVE,
            group="maintainers",
            at=world.context.clock.now(),
        )
        await record_approval(world.context, said.encode(), key.sign(said.encode(), flags=flags, counter=counter))

    world.run(work())


@HARDWARE
def test_a_key_that_nobody_touched_is_no_more_than_a_key_in_a_file(kind: str) -> None:
    world, key = World(TOUCHED), soft_key(kind, 112)
    world.enrol("person:carol", key)
    plan = world.plan()

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        approve(world, plan, key, flags=0, counter=1)

    approve(world, plan, key, flags=PRESENT, counter=2)
    assert receipt_in(world.issue(plan)).approvers == ("person:carol",)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_in_a_file_never_reaches_assurance_3(kind: str) -> None:
    world, key = World(TOUCHED), soft_key(kind)
    world.enrol("person:carol", key)

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        approve(world, world.plan(), key, flags=VERIFIED, counter=9)


@HARDWARE
@pytest.mark.parametrize("flags", [0x00, PRESENT, 0x04])
def test_a_key_that_must_know_its_user_approves_nothing_without(kind: str, flags: int) -> None:
    world, key = World(), soft_key(kind, 113)
    enrol(world, "frank", key, verify_required=True)
    world.activate(POLICY.replace('"person:carol"', '"person:carol", "person:frank"'))
    plan = world.plan()

    with world.refusing("APPROVAL_INVALID"):
        approve(world, plan, key, name="frank", flags=flags, counter=1)

    approve(world, plan, key, name="frank", flags=VERIFIED, counter=2)
    assert receipt_in(world.issue(plan)).approvers == ("person:frank",)


def test_a_key_in_a_file_cannot_be_enrolled_to_know_its_user() -> None:
    world = World()

    with pytest.raises(InvalidInputError) as caught:
        enrol(world, "frank", soft_key("ed25519", 114), verify_required=True)

    assert caught.value.code == "PRINCIPAL_INVALID"


@HARDWARE
@pytest.mark.parametrize("counter", [0, 1, 41, 42])
def test_a_counter_that_does_not_count_on_is_that_of_a_copy(kind: str, counter: int) -> None:
    world, key = World(), soft_key(kind, 115)
    world.enrol("person:carol", key)
    approve(world, world.plan(), key, counter=42)
    world.move(seconds=1)
    second = world.plan()

    with world.refusing("APPROVAL_INVALID") as refused:
        approve(world, second, key, counter=counter)

    assert "counter" in refused.sentence
    approve(world, second, key, counter=43)
    assert world.issue(second)


def test_a_key_that_never_counts_is_no_copy() -> None:
    world, key = World(), soft_key("sk-ed25519", 116)
    world.enrol("person:carol", key)

    for _ in range(2):
        world.move(seconds=1)
        plan = world.plan()
        approve(world, plan, key, counter=0)
        assert world.issue(plan)


def test_the_counters_of_two_keys_are_their_own() -> None:
    world, first, second = World(), soft_key("sk-ed25519", 117), soft_key("sk-ecdsa", 118)
    world.enrol("person:carol", first, second)
    approve(world, world.plan(), first, counter=100)
    world.move(seconds=1)
    plan = world.plan()

    approve(world, plan, second, counter=1)

    assert world.issue(plan)
