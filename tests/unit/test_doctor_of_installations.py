"""The doctor's look at an open installation: what does not work is named, with what to do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.governance import BOOTSTRAP, POLICY_IN_FORCE, BootstrapKey
from placet.core.findings import Finding, Health
from placet.domain.authorization.facts import KeyState
from placet.domain.certificate.authority import INTERMEDIATE_VALIDITY
from placet.domain.log.checkpoint import CheckpointKey
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OutcomeStatus
from placet.domain.verification.trust_root import Log, TrustRoot
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Provider
from placet.usecases.examine_trust import examine_trust
from placet.usecases.examine_work import examine_work
from support.authority import NOW as CERTIFIED
from support.authority import authority
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, InMemory
from support.world import World

OTHER_KEY = CheckpointKey(origin=ORIGIN, public_key=OTHER_SIGNER.public_key)


def trust_root(**changed: object) -> bytes:
    members = {"log": Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,)), "ca_roots": tuple(authority().roots)}
    return TrustRoot(**{**members, **changed}).encode()  # type: ignore[arg-type]  # members by name, each of its type


class Probe(Struct):
    """Providers that are well, but for what a test says; counts who was asked something."""

    no_address: str = ""
    no_credential: str = ""
    asked: int = 0

    def address(self, provider: Provider) -> None:
        if provider.provider_id == self.no_address:
            raise EffectError("EGRESS_DENIED", "the address is not allowed", hint="give another")

    def credential(self, provider: Provider) -> None:
        if provider.provider_id == self.no_credential:
            raise ConfigurationError("CREDENTIAL_MISSING", "env:TOKEN is not set", hint="set it")

    async def reach(self, provider: Provider) -> str:
        self.asked += 1
        return f"{provider.provider_id} answered 200"


def trust(world: World, encoded: bytes | None = None) -> list[Finding]:
    return world.run(examine_trust(world.context, world.ledger, trust_root() if encoded is None else encoded))


def work(world: World, probe: Probe | None = None, *, online: bool = False) -> list[Finding]:
    return world.run(examine_work(world.context, probe or Probe(), online=online))


def bad(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.area, each.health.value) for each in findings if each.health is not Health.OK]


def buried(world: World) -> World:
    """Return the world with its bootstrap key dead."""
    world.write(BOOTSTRAP, BootstrapKey(digest=sha256(b""), live=False).to_object())
    return world


def test_a_sound_installation_has_nothing_to_do() -> None:
    world = buried(World())

    assert bad(trust(world)) == []
    assert bad(work(world)) == []
    assert {each.area for each in [*trust(world), *work(world)]} == {
        "clock", "keys", "chain", "anchor", "providers", "policy", "receipts", "runs",
    }  # fmt: skip


@pytest.mark.parametrize(("behind", "health"), [(1, "warn"), (5, "warn"), (6, "fail")])
def test_a_clock_behind_the_newest_entry_is_told(behind: int, health: str) -> None:
    world = World()
    world.certificate()
    world.move(seconds=-behind)

    assert bad(trust(world)) == [("clock", health)]


@pytest.mark.parametrize("state", [KeyState.VERIFY_ONLY, KeyState.RETIRED, KeyState.REVOKED])
def test_a_receipt_key_that_cannot_mint_fails(state: KeyState) -> None:
    world = World()
    world.set_key_state(state)

    assert bad(trust(world)) == [("keys", "fail")]


def test_a_receipt_key_whose_secret_is_missing_fails() -> None:
    world = World()
    world.rebuild(receipt_secrets={})

    assert bad(trust(world)) == [("keys", "fail")]


@pytest.mark.parametrize(
    ("left", "health"), [(timedelta(days=181), []), (timedelta(days=179), ["warn"]), (timedelta(0), ["fail"])]
)
def test_an_authority_that_ends_is_told_in_time(left: timedelta, health: list[str]) -> None:
    world = World()
    world.clock.at = CERTIFIED + INTERMEDIATE_VALIDITY - left

    assert bad(trust(world)) == [("chain", each) for each in health]


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        trust_root(ca_roots=()),
        trust_root(log=Log(origin=ORIGIN, checkpoint_keys=(OTHER_KEY,))),
    ],
)
def test_a_trust_root_that_is_not_this_installations_fails(encoded: bytes) -> None:
    assert bad(trust(World(), encoded)) == [("chain", "fail")]


def test_a_sealed_ledger_fails_with_its_hint() -> None:
    world = World()
    assert isinstance(world.home, InMemory)
    world.home.anchor.notes.clear()
    world.ledger = world.home.open()

    (sealed,) = [each for each in trust(world) if each.health is Health.FAIL]
    assert (sealed.area, "anchor_missing" in sealed.detail) == ("anchor", True)
    assert "--adopt" in sealed.next_step


@pytest.mark.parametrize("probe", [Probe(no_address="npm"), Probe(no_credential="npm")])
def test_a_provider_without_a_usable_address_or_credential_fails(probe: Probe) -> None:
    assert bad(work(buried(World()), probe)) == [("providers", "fail")]


def test_providers_are_asked_only_online() -> None:
    world, probe = World(), Probe()
    work(world, probe)
    assert probe.asked == 0

    said = [each.detail for each in work(world, probe, online=True) if each.area == "providers"]

    assert probe.asked == len(said) == 3
    assert all("answered 200" in each for each in said)


def test_a_bootstrap_key_that_lives_is_told() -> None:
    world = World()
    assert bad(work(world)) == [("policy", "warn")]


def test_without_a_policy_nothing_is_allowed() -> None:
    world = buried(World())
    world.write(POLICY_IN_FORCE, None)

    assert bad(work(world)) == [("policy", "fail")]


@pytest.mark.parametrize(
    ("happens", "health"),
    [
        (lambda world: world.disable("person:alice"), "warn"),
        (lambda world: world.revoke_key("alice"), "warn"),
        (lambda world: [world.disable(f"person:{name}") for name in ("alice", "bob", "carol")], "fail"),
    ],
)
def test_a_group_that_cannot_give_what_rules_ask_for_fails(happens: Callable[[World], object], health: str) -> None:
    world = buried(World())
    happens(world)

    assert bad(work(world)) == [("policy", health)]
    assert any("placet principal add person:alice" in each.next_step for each in work(world))


def test_receipts_in_doubt_are_told_and_after_many_look_ups_a_person_is_asked() -> None:
    world = buried(World())
    plan, token = world.ready()
    world.double.acts = False
    world.double.answers = OutcomeStatus.INDETERMINATE
    report = world.present(plan, token)
    assert bad(work(world)) == []  # its deadline is not over yet
    world.move(hours=1)

    assert bad(work(world)) == [("receipts", "warn")]

    record = world.receipt(report.receipt_id)
    world.write(record.key, replace(record, lookups=5).to_object())
    assert bad(work(world)) == [("receipts", "fail")]


def test_a_run_that_is_open_for_long_is_told() -> None:
    world = buried(World())
    plan = world.plan()
    assert bad(work(world)) == []
    world.move(days=8)

    (told,) = [each for each in work(world) if each.health is Health.WARN]
    assert (told.area, told.next_step) == ("runs", f"placet run show {plan.run_id}")
