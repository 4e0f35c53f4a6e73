"""A75: who pushed or merged what a plan is about approves nothing of it, as the provider's accounts say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.context import Settings
from placet.core.entities.governance import principal_key, provider_key
from placet.core.entities.stored import entity_of
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.exclusion import excluded_accounts
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Precondition, Subject
from placet.domain.authorization.place import asked_of_provider
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError
from placet.usecases.approve_plan import show_ballot
from support.governance import a_plan, an_operation
from support.intents import a_publication
from support.world import World

COMMIT = "c0ffee" + "0" * 34
PUSHER, MERGER = f"pusher:{COMMIT}", f"merger:{COMMIT}"
TELLS = Settings(account_kinds=frozenset({"npm"}))


def enrolling(principal_id: str, *accounts: str, keys: tuple[str, ...] = ()) -> Intent:
    return Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name=principal_id, version="", tag=""),
        params={"public_keys": list[Value](keys), "on_behalf_of": "", "accounts": list[Value](accounts)},
    )


def enrol(world: World, principal_id: str, *accounts: str) -> None:
    world.run(ask(world.context, enrolling(principal_id, *accounts), requester="person:alice", contents={}))


def a_world(pusher: str = "1001", merger: str = "none", **settings: Any) -> World:
    """Return a world where alice has the account 1001, bob 1002, and carol none."""
    world = World()
    world.rebuild(settings=replace(TELLS, **settings))
    world.double.facts |= {PUSHER: pusher, MERGER: merger}
    enrol(world, "person:alice", "npm:1001")
    enrol(world, "person:bob", "npm:1002", "mirror:1001")
    return world


def plan_of(world: World, commit: str = COMMIT) -> Plan:
    """Return a plan about a commit: at the provider that tells who pushed it."""
    return world.plan(a_publication(params={"dist_tag": "latest", "access": "public", "commit_sha": commit}))


@pytest.mark.parametrize(("pusher", "merger"), [("1001", "none"), ("9,1001", "7"), ("9", "1001"), ("1001", "1001")])
def test_who_pushed_or_merged_the_commit_does_not_approve_it(pusher: str, merger: str) -> None:
    world = a_world(pusher, merger)
    plan = plan_of(world)

    with world.refusing("APPROVER_INELIGIBLE") as refused:
        world.approved(plan, "alice")
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)

    assert "pushed or merged" in refused.sentence


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_somebody_else_approves_it_and_it_is_performed(name: str) -> None:
    world = a_world("1001", "7")
    plan = world.approved(plan_of(world), name)

    assert world.present(plan, world.issue(plan)).state is ReceiptState.EXECUTED


def test_the_approver_reads_who_pushed_and_merged() -> None:
    world = a_world("1001", "7")
    plan = plan_of(world)

    text = world.run(show_ballot(world.context, plan.run_id, "person:bob")).text

    assert f'"pusher:{COMMIT} is 1001"' in text.replace("\n    | ", "")
    assert f'"merger:{COMMIT} is 7"' in text.replace("\n    | ", "")


def test_an_account_that_was_enrolled_after_the_approval_takes_it_back() -> None:
    world = a_world("55")
    plan = world.approved(plan_of(world), "carol")
    token = world.issue(plan)
    enrol(world, "person:carol", "npm:55")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_account_with_the_same_id_elsewhere_excludes_nobody() -> None:
    world = a_world("1001")
    plan = plan_of(world)

    assert world.issue(world.approved(plan, "bob"))  # bob's 1001 is at the mirror


@pytest.mark.parametrize("told", ["unobserved", "", "1001 or so", "1001,,7"])
def test_where_the_provider_does_not_tell_nobody_s_approval_counts(told: str) -> None:
    world = a_world(told or "unobserved")
    plan = plan_of(world)

    for name in ("alice", "bob", "carol"):
        with world.refusing("APPROVER_INELIGIBLE"):
            world.approved(plan, name)


def test_another_pusher_than_was_planned_makes_the_plan_stale() -> None:
    world = a_world("1001")
    plan = world.approved(plan_of(world), "bob")
    token = world.issue(plan)
    world.double.facts[PUSHER] = "1002"

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


@pytest.mark.parametrize("fact", [PUSHER, MERGER])
def test_who_pushed_is_observed_and_never_taken_from_who_asks(fact: str) -> None:
    world = a_world()
    given = Precondition(fact=fact, expected="none")

    with pytest.raises(InvalidInputError) as caught:
        world.plan(a_publication(params={"commit_sha": COMMIT}, preconditions=(given,)))

    assert caught.value.code == "PLAN_INVALID"


@pytest.mark.parametrize("commit", ["", "main", COMMIT[:39], COMMIT.upper(), f"{COMMIT}\n"])
def test_what_is_no_commit_is_about_nobody(commit: str) -> None:
    operation = an_operation(params={"commit_sha": commit})

    assert excluded_accounts(a_plan(operation)) == frozenset()


def test_a_provider_that_cannot_tell_is_not_asked() -> None:
    world = a_world(account_kinds=frozenset())
    plan = plan_of(world)

    assert [each.fact for each in asked_of_provider(plan.operations[0])] == ["version"]


def test_a_provider_that_is_not_known_is_not_asked() -> None:
    world = a_world()
    world.write(provider_key("npm"), None)

    assert plan_of(world).operations[0].preconditions == (Precondition(fact="version", expected="absent"),)


def test_an_account_belongs_to_one_principal_for_ever() -> None:
    world = a_world()

    with pytest.raises(DeniedError) as caught:
        enrol(world, "person:frank", "npm:1001")

    assert caught.value.code == "ACCOUNT_IN_USE"
    assert entity_of(world.load(principal_key("person:frank")), principal_key("person:frank")) is None
    assert world.denials()[-1]["code"] == "ACCOUNT_IN_USE"


def test_accounts_are_added_to_who_is_enrolled_and_none_is_lost() -> None:
    world = a_world()
    enrol(world, "person:alice", "npm:1003")
    enrol(world, "person:alice", "npm:1001", "github:5")

    assert world.principal("person:alice").accounts == ("github:5", "npm:1001", "npm:1003")
    with pytest.raises(InvalidInputError, match="PRINCIPAL_EXISTS"):
        enrol(world, "person:alice", "npm:1001")


@pytest.mark.parametrize("account", ["1001", "npm:", ":1001", "npm:10 01", "NPM:1001", "npm:1,2"])
def test_what_is_no_account_is_not_enrolled(account: str) -> None:
    world = a_world()

    with pytest.raises(InvalidInputError) as caught:
        enrol(world, "person:frank", account)

    assert caught.value.code == "PRINCIPAL_INVALID"
