"""API keys in an installation: made, followed, shown, noted, revoked (contract 1, protocol 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.entities.credentials import (
    Credential,
    credential_key,
    last_use_key,
    read_last_use,
)
from placet.core.entities.stored import entity_of, required
from placet.core.execute import execute_plan
from placet.core.runs import Intent
from placet.domain.authorization.api_key import parse_scope
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.shown_token import CredentialKind
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.errors import DeniedError, PlacetError
from placet.usecases.authenticate import Holders, authenticate
from placet.usecases.revoke_key import revoke_key
from support.governance import NOW, key_of
from support.installation import ACTOR, CERTIFYING, GOVERNING, TEAM
from support.keys import KEYS, Made, ask_for, asking_with, caller, key_intent, make_key, stored
from support.world import World

POLICY = TEAM + CERTIFYING + GOVERNING + KEYS
APPROVED = TEAM + KEYS.replace("approvals = []", 'approvals = [{ group = "security", count = 1, assurance = 2 }]')


def world() -> World:
    return World(POLICY)


def used_at(world: World, key: Made) -> str:
    place = last_use_key(key.credential_id)
    entity = entity_of(world.load(place), place)
    return format_instant(read_last_use(entity).used_at) if entity else ""


# Made


def test_a_key_is_kept_by_its_digest_and_nothing_of_it_stands_in_an_entry() -> None:
    here = world()

    key = make_key(here, scopes=["registry:write=@acme/*", "*=tool"])

    kept = stored(here, key)
    assert kept.kind is CredentialKind.KEY
    assert (kept.principal_id, kept.digest) == ("person:alice", sha256(key.shown.encode()))
    assert [str(each) for each in kept.scopes] == ["registry:write=@acme/*", "*=tool"]
    assert not any(key.shown[23:55].encode() in content for content in here.contents())


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"expires_at": format_instant(NOW)}, "KEY_INVALID"),
        ({"scopes": []}, "KEY_INVALID"),
        ({"scopes": ["*=*"] * 33}, "KEY_INVALID"),
        ({"scopes": ["everything"]}, "SCOPE_INVALID"),
        ({"name": "two words"}, "PLAN_INVALID"),
        ({"rotates": "key_000000000000"}, "NOT_FOUND"),
        ({"rotates": 7}, "PLAN_INVALID"),
    ],
)
def test_what_cannot_be_a_key_is_not_made(params: dict[str, Any], code: str) -> None:
    with pytest.raises(PlacetError) as refused:
        make_key(world(), **params)

    assert refused.value.code == code


def test_nobody_who_is_not_enrolled_or_is_disabled_gets_a_key() -> None:
    here = world()
    here.disable("person:carol")

    for principal, code in (("person:nobody", "NOT_FOUND"), ("person:carol", "KEY_INVALID")):
        with pytest.raises(PlacetError, match=code):
            make_key(here, principal)


def test_a_key_that_follows_another_ends_it_in_the_same_change() -> None:
    here = world()
    old = make_key(here)

    new = make_key(here, rotates=old.credential_id)

    assert here.run(authenticate(here.context, old.shown, Holders())) is None
    assert here.run(authenticate(here.context, new.shown, Holders())) == caller(here, new)
    assert stored(here, new).rotates == old.credential_id


def test_a_revoked_key_and_somebody_else_s_are_not_followed() -> None:
    here = world()
    old = make_key(here)
    with pytest.raises(PlacetError, match="KEY_INVALID"):
        make_key(here, "person:bob", rotates=old.credential_id)
    here.run(revoke_key(here.context, old.credential_id, actor="person:alice"))

    with pytest.raises(PlacetError, match="KEY_INVALID"):
        make_key(here, rotates=old.credential_id)


# Shown


def test_who_shows_a_good_key_is_its_principal_with_its_scopes() -> None:
    here = world()
    key = make_key(here, "person:bob", scopes=["registry:write=@acme/*"])

    who = here.run(authenticate(here.context, key.shown, Holders()))

    assert who == caller(here, key)
    assert who is not None
    who.check_scope("registry:write", "@acme/tool")
    with pytest.raises(DeniedError, match="SCOPE_INSUFFICIENT"):
        who.check_scope("chronicle:write", "@acme/tool")
    assert (who.may_see("@acme/tool"), who.may_see("@other/tool")) == (True, False)


ENDED: dict[str, Callable[[World, Made], object]] = {
    "it is out of time": lambda here, _: here.move(days=1),
    "it was revoked": lambda here, key: here.run(revoke_key(here.context, key.credential_id, actor="person:alice")),
    "its principal is disabled": lambda here, _: here.disable("person:alice"),
    "its record is gone": lambda here, key: here.write(credential_key(key.credential_id), None),
    "its record is of another key": lambda here, key: here.write(
        credential_key(key.credential_id), replace(stored(here, key), digest=sha256(b"another")).to_object()
    ),
}


@pytest.mark.parametrize("why", ENDED)
def test_a_key_says_nothing_once(why: str) -> None:
    here = world()
    key = make_key(here)
    ENDED[why](here, key)

    assert here.run(authenticate(here.context, key.shown, Holders())) is None


def test_what_is_no_key_asks_the_store_nothing() -> None:
    here = world()
    here.store.loaded.clear()

    assert here.run(authenticate(here.context, "placet_key_nonsense", Holders())) is None
    assert here.store.loaded == []


def test_its_use_is_noted_to_the_hour_in_one_entry() -> None:
    here = world()
    key = make_key(here)
    assert used_at(here, key) == ""

    for minutes in (0, 30, 29, 1, 59):
        here.move(minutes=minutes)
        here.run(authenticate(here.context, key.shown, Holders()))

    assert used_at(here, key) == format_instant(NOW + timedelta(minutes=60))
    assert len(here.entries("key.used")) == 2


def test_the_last_use_never_goes_back() -> None:
    here = world()
    key = make_key(here)
    later = NOW + timedelta(hours=3)

    def noted_by_another_process() -> None:
        here.move(hours=3)
        here.run(authenticate(here.context, key.shown, Holders()))
        here.clock.at = NOW

    here.meanwhile(noted_by_another_process)
    here.run(authenticate(here.context, key.shown, Holders()))

    assert used_at(here, key) == format_instant(later)


# Revoked


def test_its_holder_an_owner_and_whoever_may_freeze_revoke_a_key() -> None:
    here = world()
    here.enrol("agent:helper", on_behalf_of="person:carol")

    for holder, actor in (
        ("ci:github:acme/tool", "ci:github:acme/tool"),
        ("agent:helper", "person:carol"),
        (
            "ci:github:acme/tool",
            "person:dave",
        ),
    ):
        key = make_key(here, holder)
        revoked = here.run(revoke_key(here.context, key.credential_id, actor=actor))
        assert revoked.revoked_at == here.clock.now()


def test_a_revocation_that_is_repeated_keeps_its_first_time_and_writes_nothing() -> None:
    here = world()
    key = make_key(here)
    first = here.run(revoke_key(here.context, key.credential_id, actor="person:alice"))
    here.move(hours=1)
    size = len(here.contents())

    again = here.run(revoke_key(here.context, key.credential_id, actor="person:alice"))

    assert again == first
    assert len(here.contents()) == size


@pytest.mark.parametrize("actor", ["ci:github:acme/tool", "person:nobody", "person:mallory"])
def test_anybody_else_who_would_revoke_a_key_is_denied_and_recorded(actor: str) -> None:
    here = world()
    here.enrol("person:mallory")
    here.disable("person:mallory")
    key = make_key(here)

    with here.refusing("NO_RULE"):
        here.run(revoke_key(here.context, key.credential_id, actor=actor))

    assert stored(here, key).revoked_at is None


def test_what_is_no_key_is_not_revoked() -> None:
    here = world()

    with pytest.raises(PlacetError, match="NOT_FOUND"):
        here.run(revoke_key(here.context, "key_000000000000", actor="person:alice"))


def test_of_two_revocations_the_first_time_stands() -> None:
    credential = Credential(
        credential_id="session_000000000000",
        name="ci",
        principal_id="person:alice",
        scopes=(parse_scope("*=*"),),
        digest=sha256(b""),
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )

    revoked = credential.revoked(NOW)

    assert credential.kind is CredentialKind.SESSION
    assert revoked.revoked(NOW + timedelta(hours=1)) == revoked
    assert credential.good_at(NOW)
    assert not revoked.good_at(NOW)


# Asked with


def enrolment() -> Intent:
    return Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name="person:mallory", version="", tag=""),
        params={"public_keys": [key_of("mallory").line], "on_behalf_of": ""},
    )


def test_no_key_does_a_governed_act_that_the_policy_lets_its_person_do_alone() -> None:
    here = world()
    key = make_key(here)

    with here.refusing("APPROVALS_MISSING"):
        ask_for(here, enrolment(), context=asking_with(here, key))
    assert ask_for(here, enrolment()).report.response["principal_id"] == "person:mallory"


def test_a_key_makes_no_wider_key_than_itself_without_approvals() -> None:
    here = world()
    key = make_key(here, scopes=["registry:write=@acme/*"])
    _, wider = key_intent(here, "person:alice", "wider")

    with here.refusing("APPROVALS_MISSING"):
        ask_for(here, wider, context=asking_with(here, key))


def test_with_approvals_a_key_asks_for_a_governed_act_like_anybody() -> None:
    here = World(APPROVED)
    here.activate(POLICY)
    key = make_key(here)
    here.activate(APPROVED)
    _, intent = key_intent(here, "person:alice", "second")

    with pytest.raises(PlacetError, match="waits for approvals"):
        ask_for(here, intent, context=asking_with(here, key))


def test_what_a_key_asks_for_beside_governed_acts_needs_no_more_than_the_policy_says() -> None:
    here = world()
    key = make_key(here)
    here.rebuild(credential_id=key.credential_id)

    assert here.certificate().startswith("CERT-PKG-")


def test_a_credential_that_is_gone_is_good_for_nothing() -> None:
    here = world()
    key = make_key(here)
    here.rebuild(credential_id=key.credential_id)
    plan = here.certificate_plan()
    place = credential_key(key.credential_id)
    required(here.load(place), place, "key")
    here.write(place, None)

    with here.refusing("STALE_REQUESTER", check="8"):
        here.run(execute_plan(here.context, plan, actor=ACTOR))
