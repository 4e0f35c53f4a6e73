"""A94: an approved governed act is kept back until the world has moved on, and then performed (protocol 6)."""

from __future__ import annotations

import pytest

from placet.core.entities.governance import POLICY_IN_FORCE, provider_key, stored_provider
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.judgement import policy_in_force
from placet.core.runs import Intent
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.operation import Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError
from support.installation import POLICY
from support.intents import artifact
from support.world import World

GOVERNED = POLICY.replace("approvals = []", 'approvals = [{ group = "security", count = 2, assurance = 2 }]')


def core(operation: OperationKind, name: str, **params: Value) -> Intent:
    return Intent(kind=operation, subject=Subject(provider="core", name=name, version="", tag=""), params=params)


def role(state: str, owner: str) -> Intent:
    return core(OperationKind.CHANGE_ROLE, "agent:helper", state=state, on_behalf_of=owner)


def approved(world: World, intent: Intent) -> Plan:
    """Return an act that two people approved, and nobody performed yet."""
    plan = world.plan(intent, requester="person:alice", subject=str(intent.subject))
    for name in ("dave", "erin"):
        world.say(plan, name, ApprovalDecision.APPROVE, group="security")
    return plan


def performed(world: World, plan: Plan) -> None:
    world.run(execute_plan(world.context, plan, actor=plan.requester))


def refused(world: World, plan: Plan) -> None:
    """Perform what was kept back: it is refused, on record, and changes nothing else."""
    world.move(hours=1)
    before = len(world.entries())
    with pytest.raises(DeniedError) as caught:
        performed(world, plan)
    assert caught.value.code == "STALE_SUBJECT"
    assert [each.body.type for each in world.entries()[before:]] == ["authorization.denied"]


def test_who_was_disabled_since_is_not_enabled_by_an_older_change_of_owner() -> None:
    world = World(GOVERNED)
    world.enrol("agent:helper", on_behalf_of="person:alice")
    older = approved(world, role("enabled", "person:bob"))
    world.move(hours=1)
    performed(world, approved(world, role("disabled", "person:alice")))

    refused(world, older)

    assert world.principal("agent:helper").disabled_at is not None


def test_an_older_policy_does_not_replace_a_newer_one() -> None:
    world = World(GOVERNED)

    def activation(version: str) -> Plan:
        document = GOVERNED.replace('version = "v1"', f'version = "{version}"').encode()
        world.run(world.blobs.put(document))
        intent = Intent(
            kind=OperationKind.ACTIVATE_POLICY,
            subject=Subject(provider="core", name="policy", version=version, tag=""),
            params={"policy_digest": parse_policy(document).digest, "members": []},
            artifacts=(artifact(document, "policy.toml"),),
        )
        return approved(world, intent)

    older = activation("v2")
    world.move(hours=1)
    performed(world, activation("v3"))

    refused(world, older)

    policy = policy_in_force(world.load(POLICY_IN_FORCE))
    assert policy is not None
    assert policy.version == "v3"


def test_an_older_address_does_not_replace_a_newer_one() -> None:
    world = World(GOVERNED)

    def leads_to(url: str) -> Plan:
        return approved(
            world, core(OperationKind.CHANGE_EXECUTOR, "npm", kind="npm", url=url, credential="", private=False)
        )

    older = leads_to("https://old.example.com/")
    world.move(hours=1)
    performed(world, leads_to("https://new.example.com/"))

    refused(world, older)

    standing = stored_provider(required(world.load(provider_key("npm")), provider_key("npm"), "provider"))
    assert standing.url == "https://new.example.com/"


def test_what_replaces_what_was_approved_of_is_performed() -> None:
    world = World(GOVERNED)
    world.enrol("agent:helper", on_behalf_of="person:alice")
    act = approved(world, role("disabled", "person:alice"))
    world.move(hours=2)

    performed(world, act)

    assert world.principal("agent:helper").disabled_at is not None


def test_nobody_says_themselves_what_an_act_replaces() -> None:
    world = World(GOVERNED)
    intent = Intent(
        kind=OperationKind.CHANGE_ROLE,
        subject=Subject(provider="core", name="agent:helper", version="", tag=""),
        params={"state": "enabled", "on_behalf_of": "person:bob"},
        preconditions=(Precondition(fact="replaces", expected="absent"),),
    )

    with pytest.raises(InvalidInputError) as caught:
        world.plan(intent, requester="person:alice")

    assert caught.value.code == "PLAN_INVALID"
