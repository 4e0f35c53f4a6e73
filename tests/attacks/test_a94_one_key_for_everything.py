"""A94: one key with every scope changes nothing about who may say yes: each act tried, each with its code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
from msgspec import Struct

from placet import config
from placet.config import Config
from placet.core.policies import bundled_policy
from placet.domain.encoding.canonical import Object
from placet.errors import PlacetError
from placet.facade import NOBODY, Placet
from support.shell import Shell
from support.soft_keys import soft_key

T = TypeVar("T")
TEAM = """\
version = "v1"
[groups.maintainers]
members = ["person:bob", "person:carol"]
[[rule]]
operations = [
  "activate_policy", "enrol_principal", "change_role", "change_approver_key", "change_executor", "lift_freeze",
  "change_visibility", "change_trust",
]
subjects   = ["core:**"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]
[[rule]]
operations = ["create_key"]   # on the machine itself
subjects   = ["core:**"]
requesters = ["person:alice"]
approvals  = []
"""
NOBODY_APPROVES = bundled_policy("trial").replace(b'"trial-1"', b'"taken-over"')
MALLORY = soft_key("ed25519", 94).line


class Installation(Struct, frozen=True):
    """An installation, the key for everything, whose it is, and a freeze to be lifted."""

    settings: Config
    key: str
    holder: str
    freeze_id: str

    def inside(self, verb: Callable[[Placet, Placet], Awaitable[T]]) -> T:
        """Do something with the verbs on the machine itself, and as whoever shows the key over the network."""

        async def work() -> T:
            async with Placet.open(self.settings) as placet:
                caller = await placet.keys.authenticate(self.key)
                assert caller is not None
                return await verb(placet, placet.acting_as(caller))

        return asyncio.run(work())


async def trial(shell: Shell) -> Installation:
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    return await with_a_key(settings, "person:local", freezer="person:local")


async def team(shell: Shell) -> Installation:
    secret = {"PLACET_PASSPHRASE": "canary", "PLACET_PRINCIPAL": "person:alice"}
    settings = config.load(shell.environment(**secret))
    _, bootstrap = await Placet.init(settings, profile="team")
    assert bootstrap is not None
    first = config.load(shell.environment(**secret, PLACET_BOOTSTRAP_KEY=bootstrap.reveal()))
    async with Placet.open(first) as placet:
        for number, name in enumerate(("alice", "bob", "carol")):
            await placet.governance.add_principal(f"person:{name}", public_keys=(soft_key("ed25519", number).line,))
        await placet.governance.activate_policy(TEAM.encode())
    return await with_a_key(settings, "person:alice", freezer="person:bob")


async def with_a_key(settings: Config, holder: str, *, freezer: str) -> Installation:
    async with Placet.open(settings) as placet:
        made = await placet.keys.create("all", holder, ("*=*",))
        frozen = await placet.freezes.set((), reason="a drill", requester=freezer)
    return Installation(settings, str(made["key"]), holder, str(frozen["freeze_id"]))


@pytest.fixture(scope="module", params=[trial, team], ids=["trial", "team"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation of each profile, with a key for everything."""
    found: Callable[[Shell], Coroutine[Any, Any, Installation]] = request.param
    return asyncio.run(found(Shell(tmp_path_factory.mktemp("a94"))))


ACTS: dict[str, Callable[[Installation, Placet], Awaitable[Object]]] = {
    "a policy with zero approvals": lambda _, placet: placet.governance.activate_policy(NOBODY_APPROVES),
    "one person": lambda _, placet: placet.governance.add_principal("person:one", public_keys=(MALLORY,)),
    "another person": lambda _, placet: placet.governance.add_principal("person:two", public_keys=()),
    "a key of one's own for its holder": lambda here, placet: placet.governance.change_keys(
        here.holder, add=(MALLORY,)
    ),
    "the end of its holder": lambda here, placet: placet.governance.change_role(here.holder, disabled=True),
    "a provider to be trusted": lambda _, placet: placet.governance.add_provider(
        "evil", kind="npm", url="http://127.0.0.1:9"
    ),
    "an issuer to be trusted": lambda _, placet: placet.trust.add_issuer(
        "https://issuer.example.com", client_id="placet"
    ),
    "the end of a freeze": lambda here, placet: placet.freezes.lift(here.freeze_id),
    "a package shown to everybody": lambda _, placet: placet.visibility.change("@acme/tool", "public"),
}


async def state(placet: Placet) -> list[Object]:
    """Return all that the acts would change."""
    governance = placet.governance
    return [
        await governance.policy(),
        await governance.principals(),
        await governance.providers(),
        await placet.freezes.list(),
        await placet.visibility.list(),
        await placet.keys.list(),
    ]


async def tried(placet: Placet, verb: Callable[[], Awaitable[Object]]) -> str:
    """Return the code with which something is refused that changes nothing."""
    before = await state(placet)
    with pytest.raises(PlacetError) as refused:
        await verb()
    assert await state(placet) == before
    return refused.value.code


@pytest.mark.parametrize("what", ACTS)
def test_a94_one_key_for_everything_asks_in_vain_for(here: Installation, what: str) -> None:
    async def work(placet: Placet, asking: Placet) -> str:
        return await tried(placet, lambda: ACTS[what](here, asking))

    assert here.inside(work) == "APPROVALS_MISSING"


def test_a94_a_key_makes_no_second_one(here: Installation) -> None:
    async def work(placet: Placet, asking: Placet) -> str:
        return await tried(placet, lambda: asking.keys.create("second", here.holder, ("*=*",)))

    assert here.inside(work) == "APPROVALS_MISSING"


def test_a94_the_key_asks_in_nobody_else_s_name(here: Installation) -> None:
    async def work(placet: Placet, asking: Placet) -> str:
        other = "person:bob"
        return await tried(placet, lambda: asking.governance.activate_policy(NOBODY_APPROVES, requester=other))

    assert here.inside(work) == "REQUESTER_MISMATCH"


def test_a94_whoever_shows_nothing_asks_for_nothing(here: Installation) -> None:
    async def work(placet: Placet, _: Placet) -> set[str]:
        nobody = placet.acting_as(NOBODY)
        return {await tried(placet, partial(act, here, nobody)) for act in ACTS.values()}

    assert here.inside(work) == {"UNAUTHENTICATED"}


def test_a94_what_was_denied_is_on_record(here: Installation) -> None:
    async def work(placet: Placet, asking: Placet) -> list[Any]:
        with pytest.raises(PlacetError):
            await asking.keys.create("third", here.holder, ("*=*",))
        shown: Any = await placet.ledger.show(count=3)
        return [each["data"]["code"] for each in shown["entries"] if each["type"] == "authorization.denied"]

    assert here.inside(work) == ["APPROVALS_MISSING"]
