"""What a person signs in with: at most one identity at a time, each enrolment remembered (protocol 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.domain.authorization.principal import Principal, check_may_approve, checked, read_principal
from placet.domain.authorization.principal_identity import (
    MOST_IDENTITIES,
    PrincipalIdentity,
    is_session_key_id,
    session_key_id,
)
from placet.domain.encoding.canonical import Object, Value, decode, encode
from placet.domain.encoding.record import Record
from placet.errors import DeniedError, InvalidInputError
from support.governance import ENROLLED, NOW, a_person, an_agent, key_of

FIRST, SECOND = "ab" * 32, "cd" * 32
LATER = NOW + timedelta(hours=1)


def read(members: Object) -> Principal:
    return read_principal(Record(members, what="principal", code="PRINCIPAL_INVALID"))


ALICE = a_person("alice").with_identity(FIRST, ENROLLED)


@pytest.mark.parametrize(
    "person",
    [
        ALICE,
        ALICE.without_identity(NOW),
        ALICE.with_identity(SECOND, NOW),
        ALICE.with_identity(SECOND, NOW).with_identity(FIRST, LATER),
    ],
    ids=["one", "none any more", "another", "the first again"],
)
def test_a_person_reads_back_with_every_enrolment(person: Principal) -> None:
    assert read(decode(encode(person.to_object()))) == person


def test_a_person_of_an_earlier_release_has_none_and_looks_as_before() -> None:
    assert "identities" not in a_person("alice").to_object()
    assert read(a_person("alice").to_object()).identity is None


def test_an_identity_is_good_from_its_enrolment_to_its_revocation() -> None:
    person = ALICE.with_identity(SECOND, NOW)
    first, second = person.identities

    assert (first.good_at(ENROLLED), first.good_at(NOW), second.good_at(NOW)) == (True, False, True)
    assert person.identity == second
    assert person.identity_at(first.key_id, ENROLLED) == first
    assert person.identity_at(first.key_id, NOW) is None


def test_what_stands_for_a_key_is_no_key_s_fingerprint() -> None:
    assert is_session_key_id(session_key_id(FIRST))
    assert not any(map(is_session_key_id, (key_of("alice").public.key_id, "session:", f"session:{FIRST}0", FIRST)))


@pytest.mark.parametrize("value", [[], {}, "x", [{}], [{"identity_id": FIRST}], [{"identity_id": "x"}]], ids=repr)
def test_identities_that_are_none_are_refused(value: Value) -> None:
    with pytest.raises(InvalidInputError, match="PRINCIPAL_INVALID"):
        read({**ALICE.to_object(), "identities": value})


@pytest.mark.parametrize(
    "identities",
    [
        (PrincipalIdentity(identity_id=FIRST, enrolled_at=NOW), PrincipalIdentity(identity_id=SECOND, enrolled_at=NOW)),
        (
            PrincipalIdentity(identity_id=FIRST, enrolled_at=NOW, revoked_at=LATER),
            PrincipalIdentity(identity_id=SECOND, enrolled_at=NOW),
        ),
        (PrincipalIdentity(identity_id=FIRST, enrolled_at=NOW, revoked_at=NOW),) * (MOST_IDENTITIES + 1),
    ],
    ids=["two at once", "two for an hour", "too many"],
)
def test_a_person_has_one_at_a_time(identities: tuple[PrincipalIdentity, ...]) -> None:
    with pytest.raises(InvalidInputError, match="PRINCIPAL_INVALID"):
        checked(replace(a_person("alice"), identities=identities))


def test_nobody_but_a_person_has_one() -> None:
    with pytest.raises(InvalidInputError, match="only persons sign in"):
        checked(replace(an_agent(), identities=ALICE.identities))


def test_what_was_said_under_an_enrolment_counts_as_long_as_that_very_one_is_good() -> None:
    again = ALICE.without_identity(NOW).with_identity(FIRST, LATER)
    key_id = session_key_id(FIRST)

    check_may_approve(again, key_id, LATER)
    check_may_approve(again, key_id, LATER, said_at=LATER)
    with pytest.raises(DeniedError, match="APPROVER_INELIGIBLE"):
        check_may_approve(again, key_id, LATER, said_at=ENROLLED)
