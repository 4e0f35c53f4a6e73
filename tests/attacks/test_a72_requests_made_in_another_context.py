"""A72, the policy's part: a valid identity asks from another event, environment or branch than a rule allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.runs import add_plan, open_run
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan import Plan, parse_plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.render import render_plan
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, decode, encode
from placet.domain.values.kinds import Mode
from placet.errors import InvalidInputError
from support.governance import TEAM, VERSION, a_plan, a_policy, codes, judged, rule, says
from support.installation import CERTIFYING, GOVERNING, PUBLISHING, REQUESTER
from support.installation import TEAM as FOUNDED
from support.intents import a_publication
from support.world import World

CONTEXT = """\
context = { event = ["push", "release"], environment = ["release"], ref = ["refs/tags/v*"], runner = ["hosted"] }
"""
GOOD = {"event": "push", "environment": "release", "ref": "refs/tags/v1.0.0", "runner": "hosted", "attempt": "1"}
BAD = [
    {"event": "pull_request_target"},
    {"event": "pull_request"},
    {"event": "Push"},
    {"environment": "staging"},
    {"environment": "release "},
    {"ref": "refs/heads/main"},
    {"ref": "refs/tags/v1/evil"},
    {"ref": ""},
    {"runner": "self-hosted"},
]


def asked(world: World, claims: Mapping[str, str]) -> Plan:
    async def work() -> Plan:
        run = await open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject="@acme/tool@1.0.0")
        return await add_plan(world.context, run, [a_publication()], claims=claims)

    return world.run(work())


def strict() -> World:
    return World(FOUNDED + PUBLISHING + CONTEXT + CERTIFYING + GOVERNING)


@pytest.mark.parametrize("changed", BAD, ids=str)
def test_what_is_asked_in_another_context_is_not_even_planned(changed: dict[str, str]) -> None:
    world = strict()
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value}

    with world.refusing("OIDC_CONTEXT_DENIED"):
        asked(world, claims)

    assert world.entries("plan.created") == []


@pytest.mark.parametrize("missing", ["event", "environment", "ref", "runner"])
def test_a_context_that_nobody_vouches_for_is_another_one(missing: str) -> None:
    world = strict()

    with world.refusing("OIDC_CONTEXT_DENIED"):
        asked(world, {name: value for name, value in GOOD.items() if name != missing})


def test_a_request_without_a_verified_identity_has_no_context() -> None:
    world = strict()

    with world.refusing("OIDC_CONTEXT_DENIED"):
        world.plan()


def test_what_is_asked_in_the_right_context_is_planned_approved_and_performed() -> None:
    world = strict()
    plan = world.approved(asked(world, GOOD))

    assert world.present(plan, world.issue(plan)).state is ReceiptState.EXECUTED
    assert parse_plan(plan.encode()).claims == GOOD


def test_the_context_is_part_of_what_is_approved_and_shown() -> None:
    plain, told = a_plan(), a_plan(claims=GOOD)

    assert plain.digest() != told.digest()
    assert 'claim: {"event":"push"}' in render_plan(told, VERSION)
    assert "claim" not in render_plan(plain, VERSION)


def test_a_plan_without_claims_is_spelled_as_before() -> None:
    assert b"claims" not in a_plan().encode()


@pytest.mark.parametrize("claims", [{}, {"event": ""}, {"event": 1}, {"event": ["push"]}, "push", []])
def test_claims_are_texts_or_are_not_there(claims: Any) -> None:
    members = {**_members(a_plan(claims=GOOD)), "claims": claims}

    with pytest.raises(InvalidInputError) as caught:
        parse_plan(encode(members))

    assert caught.value.code == "PLAN_INVALID"


def _members(plan: Plan) -> dict[str, Any]:
    return dict(decode(plan.encode(), limit=PLAN_LIMIT_BYTES))


def test_of_all_rules_that_concern_it_the_strictest_context_holds() -> None:
    policy = a_policy(rule(), rule(more='context = { event = ["release"] }'))
    plan = a_plan(claims={"event": "push"})
    approvals = [says(plan, "alice"), says(plan, "bob")]

    assert codes(judged(policy, plan, *approvals)) == [["OIDC_CONTEXT_DENIED"]]
    released = a_plan(claims={"event": "release"})
    assert judged(policy, released, says(released, "alice"), says(released, "bob")).allowed


def test_no_approval_makes_up_for_the_context() -> None:
    world = strict()
    plan = world.approved(asked(world, GOOD))
    world.activate((FOUNDED + PUBLISHING + CONTEXT + CERTIFYING + GOVERNING).replace('"release"]', '"prod"]'))

    with world.refusing("OIDC_CONTEXT_DENIED"):
        world.issue(plan)


@pytest.mark.parametrize(
    "context",
    ["{ event = [] }", '{ event = ["*"] }', '{ event = ["**"] }', '{ Event = ["push"] }', '{ event = "push" }',
     '{ event = ["a b"] }', '{ event = ["push", "push"] }'],
)  # fmt: skip
def test_a_context_that_anything_would_meet_or_nothing_is_no_policy(context: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_policy((TEAM + rule(more=f"context = {context}")).encode())

    assert caught.value.code == "POLICY_INVALID"


def test_a_rule_without_context_asks_nothing_of_it() -> None:
    plan = replace(a_plan(), claims={"event": "anything"})

    assert judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob")).allowed
