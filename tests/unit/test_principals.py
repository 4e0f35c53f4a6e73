from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from placet.domain.authorization.principal import (
    Principal,
    PrincipalKey,
    PrincipalKind,
    check_may_approve,
    checked,
    read_principal,
)
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.encoding.record import Record
from placet.errors import DeniedError, InvalidInputError
from support.governance import ENROLLED, NOW, a_person, an_agent, key_of
from support.soft_keys import KINDS, soft_key

MOMENT = timedelta(milliseconds=1)


def read(members: Object) -> Principal:
    return read_principal(Record(members, what="principal", code="PRINCIPAL_INVALID"))


def ineligible(principal: Principal | None, key_id: str, **at: Any) -> str:
    with pytest.raises(DeniedError) as caught:
        check_may_approve(principal, key_id, at.get("at", NOW))
    assert caught.value.code == "APPROVER_INELIGIBLE"
    return caught.value.message


@pytest.mark.parametrize(
    "principal",
    [
        a_person("alice", *(soft_key(kind) for kind in KINDS)),
        a_person("bob", revoked_at=NOW, disabled_at=NOW),
        a_person("carol").with_accounts(("github:12345", "forge.example:carol", "github:12345")),
        an_agent(),
        Principal(principal_id="ci:github:acme/tool", on_behalf_of="", keys=(), enrolled_at=ENROLLED),
        Principal(principal_id="service:mirror", on_behalf_of="person:bob", keys=(), enrolled_at=ENROLLED),
    ],
    ids=lambda principal: principal.principal_id,
)
def test_a_principal_reads_back_as_it_was_written(principal: Principal) -> None:
    assert read(decode(encode(principal.to_object()))) == principal


@pytest.mark.parametrize(
    ("principal_id", "kind"),
    [
        ("person:alice", PrincipalKind.PERSON),
        ("ci:github:acme/tool", PrincipalKind.CI),
        ("service:mirror", PrincipalKind.SERVICE),
    ],
)
def test_the_kind_stands_in_the_id(principal_id: str, kind: PrincipalKind) -> None:
    assert Principal(principal_id=principal_id, on_behalf_of="", keys=(), enrolled_at=NOW).kind is kind


@pytest.mark.parametrize(
    "changed",
    [
        {"principal_id": "alice"},
        {"principal_id": "person:"},
        {"principal_id": "person:*"},
        {"principal_id": "person:a b"},
        {"principal_id": "person:alice\n"},
        {"principal_id": "bootstrap:x"},
        {"principal_id": "Person:alice"},
        {"principal_id": "person:" + "a" * 201},
        {"on_behalf_of": "person:bob"},
        {"on_behalf_of": "agent:x"},
        {"principal_id": "agent:x"},
        {"principal_id": "agent:x", "on_behalf_of": "agent:y"},
        {"principal_id": "ci:x", "on_behalf_of": "ci:y"},
        {"principal_id": "service:x", "on_behalf_of": "person:*"},
    ],
)
def test_members_that_do_not_go_together_are_refused(changed: dict[str, Any]) -> None:
    members: dict[str, Any] = {"principal_id": "person:alice", "on_behalf_of": "", "keys": (), "enrolled_at": NOW}

    with pytest.raises(InvalidInputError) as caught:
        checked(Principal(**{**members, **changed}))

    assert caught.value.code == "PRINCIPAL_INVALID"


@pytest.mark.parametrize(
    "changed",
    [
        {"principal_id": "person:*"},
        {"on_behalf_of": "person:bob"},
        {"keys": [{}]},
        {"keys": "none"},
        {"enrolled_at": "2026-01-01"},
        {"disabled_at": "never"},
        {"admin": True},
        {"accounts": []},
        {"accounts": ["github:2", "github:1"]},
        {"accounts": ["github:1", "github:1"]},
        {"accounts": ["github"]},
        {"accounts": "github:1"},
    ],
)
def test_a_stored_principal_is_read_strictly(changed: Object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read({**a_person("alice").to_object(), **changed})

    assert caught.value.code == "PRINCIPAL_INVALID"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key_id": key_of("bob").public.key_id}, "PRINCIPAL_INVALID"),
        ({"public_key": "ssh-dss AAAA"}, "KEY_INVALID"),
        ({"public_key": key_of("alice").line + " comment"}, "PRINCIPAL_INVALID"),
        ({"revoked_at": "yes"}, "PRINCIPAL_INVALID"),
        ({"comment": ""}, "PRINCIPAL_INVALID"),
        ({"verify_required": False}, "PRINCIPAL_INVALID"),
        ({"verify_required": 1}, "PRINCIPAL_INVALID"),
        ({"verify_required": True}, "PRINCIPAL_INVALID"),
    ],
)
def test_a_stored_key_is_read_strictly(changed: Object, code: str) -> None:
    members = a_person("alice").to_object()
    key = a_person("alice").keys[0].to_object()

    with pytest.raises(InvalidInputError) as caught:
        read({**members, "keys": [{**key, **changed}]})

    assert caught.value.code == code


def test_a_principal_without_accounts_is_spelled_as_before() -> None:
    plain = a_person("alice").to_object()

    assert "accounts" not in plain
    assert "verify_required" not in a_person("alice").keys[0].to_object()
    assert read({**plain, "accounts": ["github:1"]}).accounts == ("github:1",)


def test_a_hardware_key_may_have_to_verify_its_user() -> None:
    held = PrincipalKey(public_key=key_of("alice", "sk-ed25519").public, enrolled_at=ENROLLED, verify_required=True)
    principal = Principal(principal_id="person:alice", on_behalf_of="", keys=(held,), enrolled_at=ENROLLED)

    assert read(decode(encode(principal.to_object()))) == principal


def test_a_key_is_held_once_and_not_too_many() -> None:
    alice = a_person("alice")
    keys = [PrincipalKey(public_key=soft_key("ed25519", 100 + n).public, enrolled_at=NOW) for n in range(16)]

    with pytest.raises(InvalidInputError, match="twice"):
        alice.with_key(alice.keys[0])
    for key in keys[:15]:
        alice = alice.with_key(key)
    with pytest.raises(InvalidInputError, match="at most 16"):
        alice.with_key(keys[15])


def test_revoking_a_key_keeps_the_others_and_the_first_revocation() -> None:
    alice = a_person("alice", key_of("alice"), key_of("alice", "ecdsa"))
    first, second = (key.key_id for key in alice.keys)

    revoked = alice.with_key_revoked(first, NOW).with_key_revoked(first, NOW + MOMENT)

    assert [key.revoked_at for key in revoked.keys] == [NOW, None]
    assert alice.keys[0].revoked_at is None
    assert revoked.key(second) == alice.key(second)
    with pytest.raises(InvalidInputError) as caught:
        alice.with_key_revoked("SHA256:" + "A" * 43, NOW)
    assert caught.value.code == "PRINCIPAL_INVALID"


def test_a_person_with_a_good_key_may_approve() -> None:
    check_may_approve(a_person("alice"), key_of("alice").public.key_id, NOW)


def test_who_may_not_approve_is_told_why() -> None:
    key_id = key_of("alice").public.key_id
    agent = an_agent(keys=(PrincipalKey(public_key=key_of("alice").public, enrolled_at=ENROLLED),))

    assert ineligible(None, key_id) == "the approver is not enrolled"
    assert ineligible(agent, key_id) == "agent:helper is no person: its keys never approve"
    assert "disabled" in ineligible(a_person("alice", disabled_at=NOW), key_id)
    assert "not one that person:bob enrolled" in ineligible(a_person("bob"), key_id)
    assert "revoked" in ineligible(a_person("alice", revoked_at=NOW), key_id)


def test_person_and_key_are_good_from_enrolment_until_the_instant_they_end() -> None:
    key_id = key_of("alice").public.key_id
    disabled, revoked = a_person("alice", disabled_at=NOW), a_person("alice", revoked_at=NOW)
    late_key = PrincipalKey(public_key=key_of("alice").public, enrolled_at=NOW)
    late = a_person("alice", key_of("alice", "ecdsa")).with_key(late_key)

    check_may_approve(disabled, key_id, NOW - MOMENT)
    check_may_approve(revoked, key_id, NOW - MOMENT)
    check_may_approve(disabled, key_id, ENROLLED)
    check_may_approve(late, key_id, NOW)
    assert ineligible(disabled, key_id, at=ENROLLED - MOMENT)
    assert ineligible(late, key_id, at=NOW - MOMENT)
