"""Whom people may sign in with, and who that is, change by governed acts (protocol 6)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.entities.stored import required
from placet.core.entities.trust import identity_key, issuer_key, read_identity_holder, stored_issuer
from placet.core.execute import execute_plan
from placet.core.issuers import all_issuers, trusted_issuer
from placet.core.judgement import BOOTSTRAP_REQUESTER
from placet.domain.authorization.issuer import Identity, Issuer
from placet.domain.authorization.principal import Principal
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, NotFoundError, PlacetError
from support.governance import key_of
from support.identity import CLIENT, ISSUER, OTHER_ISSUER, TERMS, Signing


def issuer(world: Signing, url: str = ISSUER) -> Issuer:
    return stored_issuer(required(world.load(issuer_key(url)), issuer_key(url), "issuer"))


def identities(principal: Principal) -> list[bool]:
    """Return for each enrolment of a person whether it is good."""
    return [each.revoked_at is None for each in principal.identities]


def test_an_issuer_is_trusted_on_the_terms_that_were_approved() -> None:
    world = Signing()

    assert issuer(world).terms == TERMS
    assert world.run(trusted_issuer(world.context, ISSUER)) == issuer(world)
    assert [each.url for each in world.run(all_issuers(world.context))] == [ISSUER]


def test_what_is_recorded_of_an_issuer_is_its_url_and_state_alone() -> None:
    world = Signing()

    (changed,) = world.entries("trust.changed")

    assert isinstance(changed.body.data, dict)
    assert {name: value for name, value in changed.body.data.items() if name != "receipt"} == {
        "issuer": ISSUER,
        "state": "trusted",
    }
    assert not any(issuer(world).pepper.hex().encode() in content for content in world.contents())


def test_other_terms_replace_the_ones_before_and_everybody_stays_who_they_are() -> None:
    world = Signing()
    before = issuer(world)
    world.move(hours=1)

    world.trust(terms=replace(TERMS, algorithms=("ES256",)))

    after = issuer(world)
    assert after.terms.algorithms == ("ES256",)
    assert (after.pepper, after.trusts) == (before.pepper, before.trusts)


def test_an_issuer_is_removed_and_trusted_again_with_its_ids_unchanged() -> None:
    world = Signing()
    before = issuer(world)

    world.distrust()
    with pytest.raises(NotFoundError):
        world.run(trusted_issuer(world.context, ISSUER))
    world.move(hours=1)
    world.trust()

    assert [each.until is None for each in issuer(world).trusts] == [False, True]
    assert issuer(world).identity_id("x") == before.identity_id("x")


@pytest.mark.parametrize(
    ("url", "params", "code"),
    [
        (ISSUER, {"state": "trusted", **TERMS.to_object()}, "ISSUER_INVALID"),
        (ISSUER, {"state": "believed", **TERMS.to_object()}, "ISSUER_INVALID"),
        (OTHER_ISSUER, {"state": "removed"}, "NOT_FOUND"),
        ("https://ID.example.com", {"state": "trusted", **TERMS.to_object()}, "ISSUER_INVALID"),
        (OTHER_ISSUER, {"state": "trusted", "client_id": CLIENT}, "ISSUER_INVALID"),
    ],
)
def test_an_act_that_would_change_nothing_or_could_not_hold_is_refused(
    url: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(PlacetError, match=code):
        Signing().act(OperationKind.CHANGE_TRUST, url, **params)


def test_an_issuer_that_is_not_trusted_cannot_be_removed_twice() -> None:
    world = Signing()
    world.distrust()

    with pytest.raises(PlacetError, match="ISSUER_INVALID"):
        world.distrust()


def test_a_person_is_enrolled_with_an_identity_that_only_one_place_names() -> None:
    world = Signing()
    subject = "subject-canary"
    identity = Identity(issuer=ISSUER, subject=subject)

    world.act(
        OperationKind.ENROL_PRINCIPAL, "person:zoe", public_keys=[], on_behalf_of="", identity=identity.to_object()
    )

    zoe = world.principal("person:zoe")
    assert zoe.identity is not None
    key = identity_key(zoe.identity.identity_id)
    holder = read_identity_holder(required(world.load(key), key, "identity"))
    assert (holder.identity, holder.principal_id) == (identity, "person:zoe")
    assert not any(subject.encode() in content for content in world.contents())


def test_one_subject_is_one_person_ever() -> None:
    world = Signing()

    with pytest.raises(DeniedError, match="IDENTITY_IN_USE"):
        world.identify("person:alice", "bob")
    world.identify("person:bob", "robert")
    with pytest.raises(DeniedError, match="IDENTITY_IN_USE"):
        world.identify("person:alice", "bob")

    assert world.principal("person:alice").identities == ()
    assert {each["code"] for each in world.denials()} == {"IDENTITY_IN_USE"}


def test_a_person_has_one_identity_at_a_time_and_may_have_an_earlier_one_back() -> None:
    world = Signing()
    world.move(seconds=1)
    world.identify("person:bob", "robert")
    assert identities(world.principal("person:bob")) == [False, True]
    world.move(seconds=1)

    world.identify("person:bob", "bob")

    assert identities(world.principal("person:bob")) == [False, False, True]


def test_an_identity_is_taken_away() -> None:
    world = Signing()

    world.act(OperationKind.CHANGE_APPROVER_KEY, "person:bob", add=[], remove=[], identity="none")

    assert world.principal("person:bob").identity is None
    with pytest.raises(PlacetError, match="PRINCIPAL_INVALID"):
        world.act(OperationKind.CHANGE_APPROVER_KEY, "person:bob", add=[], remove=[], identity="none")


def test_the_identity_that_somebody_has_is_not_given_once_more() -> None:
    with pytest.raises(PlacetError, match="PRINCIPAL_INVALID"):
        Signing().identify("person:bob", "bob")


@pytest.mark.parametrize("identity", ["bob", 5, {}, {"issuer": 5, "subject": "x"}, {"issuer": ISSUER, "subject": ""}])
def test_what_is_no_identity_is_not_enrolled(identity: Value) -> None:
    with pytest.raises(PlacetError, match="ISSUER_INVALID"):
        Signing().act(OperationKind.CHANGE_APPROVER_KEY, "person:alice", add=[], remove=[], identity=identity)


def test_an_identity_of_an_issuer_that_is_not_trusted_is_not_enrolled() -> None:
    world = Signing()
    world.distrust()

    with pytest.raises(PlacetError, match="ISSUER_INVALID"):
        world.identify("person:alice", "alice")
    with pytest.raises(NotFoundError):
        world.identify("person:alice", "alice", OTHER_ISSUER)


@pytest.mark.parametrize("name", ["ci:github:acme/other", "service:mirror"])
def test_only_persons_sign_in(name: str) -> None:
    identity = Identity(issuer=ISSUER, subject="x").to_object()

    with pytest.raises(PlacetError, match="PRINCIPAL_INVALID"):
        Signing().act(OperationKind.ENROL_PRINCIPAL, name, public_keys=[], on_behalf_of="", identity=identity)


def test_who_is_enrolled_gets_an_identity_by_an_act_of_its_own_but_for_the_bootstrap_key() -> None:
    world = Signing()
    identity = Identity(issuer=ISSUER, subject="alice").to_object()

    with pytest.raises(PlacetError, match="PRINCIPAL_EXISTS"):
        world.act(OperationKind.ENROL_PRINCIPAL, "person:alice", public_keys=[], on_behalf_of="", identity=identity)

    world.act(
        OperationKind.ENROL_PRINCIPAL,
        "person:alice",
        by=BOOTSTRAP_REQUESTER,
        public_keys=[key_of("alice", "ecdsa").line],
        on_behalf_of="",
        identity=identity,
    )
    assert identities(world.principal("person:alice")) == [True]


def test_disabling_ends_the_identity_and_enabling_enrols_it_anew() -> None:
    world = Signing()
    world.move(seconds=1)
    world.role("person:bob", "disabled")
    disabled = world.principal("person:bob")
    assert identities(disabled) == [False]
    world.move(seconds=1)

    world.role("person:bob", "enabled")

    enabled = world.principal("person:bob")
    assert identities(enabled) == [False, True]
    assert len({each.identity_id for each in enabled.identities}) == 1


def test_an_identity_that_was_taken_away_before_does_not_come_back_by_enabling() -> None:
    world = Signing()
    world.act(OperationKind.CHANGE_APPROVER_KEY, "person:bob", add=[], remove=[], identity="none")
    world.move(seconds=1)
    world.role("person:bob", "disabled")
    world.role("person:carol", "disabled")

    world.role("person:bob", "enabled")
    world.role("person:carol", "enabled")

    assert world.principal("person:bob").identity is None
    assert world.principal("person:carol").identity is not None


def test_an_approved_change_of_trust_that_was_kept_back_does_not_replace_a_newer_one() -> None:
    world = Signing()
    plan = world.trusting(replace(TERMS, client_id="older"))
    world.trust(terms=replace(TERMS, client_id="newer"))

    with world.refusing("STALE_SUBJECT", check=""):
        world.run(execute_plan(world.context, plan, actor="person:erin"))

    assert issuer(world).terms.client_id == "newer"
