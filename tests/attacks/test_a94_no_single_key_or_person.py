"""A94: after the first policy no single key or person changes who may say yes: each act tried, each denied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from msgspec import Struct

from placet import config
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, PlacetError
from placet.facade import Placet
from support.installation import CERTIFYING, PUBLISHING, TEAM
from support.shell import Shell
from support.world import World

T = TypeVar("T")
POLICY = """\
version = "v1"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[[rule]]
operations = [
  "activate_policy", "enrol_principal", "change_role", "change_approver_key", "change_executor", "lift_freeze",
]
subjects   = ["core:**"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]
"""
NOBODY_APPROVES = POLICY.replace('"v1"', '"v2"').replace(
    'approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]', "approvals  = []"
)


class Team(Struct, frozen=True):
    """A team founded on the command line; the bootstrap key, bob's key, and a freeze that was set since."""

    shell: Shell
    bootstrap_key: str
    bob_key: str
    freeze_id: str

    def inside(self, verb: Callable[[Placet], Awaitable[T]], **variables: str) -> T:
        """Do something with the installation, opened once."""

        async def work() -> T:
            async with Placet.open(config.load(self.shell.environment(**variables))) as placet:
                return await verb(placet)

        return asyncio.run(work())


def by_alice(team: Team) -> dict[str, Callable[[Placet, str], Awaitable[Object]]]:
    """Return every act that would change who may say yes, as `who` asks for it."""
    mallory = (team.shell.place / "mallory.pub").read_text()
    return {
        "a policy with zero approvals": lambda placet, who: placet.governance.activate_policy(
            NOBODY_APPROVES.encode(), requester=who
        ),
        "a second identity of one's own": lambda placet, who: placet.governance.add_principal(
            "person:mallory", public_keys=(mallory,), requester=who
        ),
        "a key of one's own for another approver": lambda placet, who: placet.governance.change_keys(
            "person:bob", add=(mallory,), requester=who
        ),
        "another approver's key": lambda placet, who: placet.governance.change_keys(
            "person:bob", remove=(team.bob_key,), requester=who
        ),
        "another approver": lambda placet, who: placet.governance.change_role(
            "person:bob", disabled=True, requester=who
        ),
        "a provider": lambda placet, who: placet.governance.add_provider(
            "npm", kind="npm", url="http://127.0.0.1:9", requester=who
        ),
        "a freeze": lambda placet, who: placet.freezes.lift(team.freeze_id, requester=who),
    }


ACTS = (
    "a policy with zero approvals",
    "a second identity of one's own",
    "a key of one's own for another approver",
    "another approver's key",
    "another approver",
    "a provider",
    "a freeze",
)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return a team that `init`, the bootstrap key and the first policy made."""
    shell = Shell(tmp_path_factory.mktemp("team"), {"PLACET_PASSPHRASE": "canary"})
    founded = shell.done("init", "--profile", "team")
    key = next(line.strip() for line in founded.out.splitlines() if "placet_boot_" in line)
    (shell.place / "policy.toml").write_text(POLICY)
    for name in ("alice", "bob", "carol", "mallory"):
        shell.ssh_key(name)
    bootstrap = {"PLACET_BOOTSTRAP_KEY": key}
    enrolled = [
        shell.done("principal", "add", f"person:{name}", "--key", f"{name}.pub", "--json", env=bootstrap).json()
        for name in ("alice", "bob", "carol")
    ]
    shell.done("policy", "activate", "policy.toml", env=bootstrap)
    frozen = shell.done("freeze", "set", "--reason", "a drill", "--as", "person:carol", "--json").json()
    return Team(shell, key, enrolled[1]["key_ids"][0], frozen["freeze_id"])


async def state(placet: Placet) -> list[Object]:
    """Return all that the acts would change."""
    governance = placet.governance
    return [
        await governance.policy(),
        await governance.principals(),
        await governance.providers(),
        await placet.freezes.list(),
    ]


async def refused(asked: Awaitable[object]) -> PlacetError:
    with pytest.raises(PlacetError) as caught:
        await asked
    return caught.value


async def approve(placet: Placet, team: Team, run_id: str, name: str, key: str) -> Object:
    approver = f"person:{name}"
    ballot = await placet.publishing.ballot(run_id, approver)
    return await placet.publishing.say(
        ballot, "approve", approver=approver, key=team.shell.place / key, signer=placet.signer, group="maintainers"
    )


@pytest.mark.needs("ssh-keygen")
@pytest.mark.parametrize("act", ACTS)
def test_one_person_alone_or_with_one_approval_changes_nothing(team: Team, act: str) -> None:
    async def attack(placet: Placet) -> None:
        before = await state(placet)
        asked = await refused(by_alice(team)[act](placet, "person:alice"))
        run_id = next(word for word in asked.hint.replace(",", " ").split() if word.startswith("run_"))
        own = await refused(approve(placet, team, run_id, "alice", "alice"))
        forged = await refused(approve(placet, team, run_id, "carol", "mallory"))
        one = await approve(placet, team, run_id, "bob", "bob")
        alone = await refused(placet.publishing.resume(run_id))
        shown: Any = await placet.publishing.run(run_id)

        assert [each.code for each in (asked, own, forged, alone)] == [
            "APPROVALS_MISSING",
            "APPROVER_INELIGIBLE",
            "APPROVAL_INVALID",
            "APPROVALS_MISSING",
        ]
        assert "has 1 of 2 approvals" in str(one["missing"])
        assert {each["code"] for each in shown["denials"]} == {"APPROVER_INELIGIBLE", "APPROVAL_INVALID"}
        assert [each["state"] for each in shown["operations"]] == ["not_started"]
        assert await state(placet) == before

    team.inside(attack)


@pytest.mark.needs("ssh-keygen")
def test_the_bootstrap_key_is_dead_for_every_act(team: Team) -> None:
    async def attack(placet: Placet) -> None:
        before = await state(placet)
        for act in by_alice(team).values():
            entries: Any = await placet.ledger.show(count=1)
            assert (await refused(act(placet, ""))).code == "BOOTSTRAP_INVALID"
            denied: Any = await placet.ledger.show(count=1)
            assert denied["size"] == entries["size"] + 1
            assert denied["entries"][0]["type"] == "authorization.denied"
        assert await state(placet) == before

    team.inside(attack, PLACET_BOOTSTRAP_KEY=team.bootstrap_key)


@pytest.mark.needs("ssh-keygen")
def test_on_the_command_line_too_a_freeze_is_not_lifted_by_one(team: Team) -> None:
    asked = team.shell.placet("freeze", "lift", team.freeze_id, "--as", "person:alice", "--json")

    assert (asked.code, asked.error()["code"]) == (4, "APPROVALS_MISSING")


GOVERNED = {
    OperationKind.ACTIVATE_POLICY: "policy",
    OperationKind.ENROL_PRINCIPAL: "person:mallory",
    OperationKind.CHANGE_ROLE: "person:bob",
    OperationKind.CHANGE_APPROVER_KEY: "person:bob",
    OperationKind.CHANGE_EXECUTOR: "npm",
    OperationKind.LIFT_FREEZE: "frz_20260304050607_abc123",
}


@pytest.mark.parametrize("kind", GOVERNED)
def test_what_no_rule_names_nobody_may_even_ask_for(kind: OperationKind) -> None:
    world = World(TEAM + PUBLISHING + CERTIFYING)
    subject = Subject(provider="core", name=GOVERNED[kind], version="", tag="")

    with pytest.raises(DeniedError, match="NO_RULE"):
        world.run(
            ask(world.context, Intent(kind=kind, subject=subject, params={}), requester="person:alice", contents={})
        )

    assert [each["code"] for each in world.denials()] == ["NO_RULE"]
