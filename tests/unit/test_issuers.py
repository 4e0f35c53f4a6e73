"""Issuers and the identities that they name (protocol 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.domain.authorization.issuer import (
    Identity,
    Issuer,
    Terms,
    Trust,
    check_url,
    parse_identity,
    read_issuer,
    read_terms,
)
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.encoding.record import Record
from placet.errors import InvalidInputError
from support.governance import NOW

TERMS = Terms(client_id="placet", client_secret="env:SSO", algorithms=("RS256", "ES256"), private=True)
TRUSTED = Issuer(url="https://id.example.com", terms=TERMS, pepper=bytes(range(32)), trusts=(Trust(since=NOW),))
LATER = NOW + timedelta(hours=1)
LATEST = NOW + timedelta(hours=2)


def read(members: Object) -> Issuer:
    return read_issuer(Record(members, what="issuer", code="ISSUER_INVALID"))


@pytest.mark.parametrize("issuer", [TRUSTED, TRUSTED.distrusted_from(LATER), replace(TRUSTED, trusts=())])
def test_an_issuer_reads_back_as_it_was_written(issuer: Issuer) -> None:
    assert read(decode(encode(issuer.to_object()))) == issuer


def test_an_issuer_is_trusted_until_it_is_not_and_again_from_a_later_moment_on() -> None:
    removed = TRUSTED.distrusted_from(LATER)
    again = removed.trusted_from(LATEST)

    assert [each.trusted for each in (TRUSTED, removed, again, replace(TRUSTED, trusts=()))] == [
        True,
        False,
        True,
        False,
    ]
    assert TRUSTED.trusted_from(LATER) == TRUSTED
    assert removed.trusted_throughout(NOW, LATER - timedelta(milliseconds=1))
    assert not removed.trusted_throughout(NOW, LATER)
    assert not again.trusted_throughout(NOW, LATEST)
    assert again.trusted_throughout(LATEST, LATEST)


def test_one_that_is_not_trusted_cannot_be_removed() -> None:
    with pytest.raises(InvalidInputError, match="ISSUER_INVALID"):
        TRUSTED.distrusted_from(LATER).distrusted_from(LATEST)


def test_a_subject_is_known_by_an_id_that_only_this_installation_makes() -> None:
    elsewhere = replace(TRUSTED, pepper=bytes(32))

    assert TRUSTED.identity_id("alice") == TRUSTED.identity_id("alice")
    assert len({TRUSTED.identity_id("alice"), TRUSTED.identity_id("bob"), elsewhere.identity_id("alice")}) == 3


def test_what_makes_ids_of_subjects_is_never_shown() -> None:
    assert TRUSTED.pepper.hex() not in repr(TRUSTED)
    assert "pepper" not in repr(TRUSTED)


@pytest.mark.parametrize(
    "url",
    ["https://id.example.com", "https://id.example.com/", "https://id.example.com/a/B.c/", "http://127.0.0.1:9400",
     "https://[2001:db8::1]:8443/x"],
)  # fmt: skip
def test_an_issuer_has_a_plain_address(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "id.example.com", "https://ID.example.com", "https://id.example.com/?x", "https://id.example.com/#x",
     "https://u:p@id.example.com", "https://id.example.com//", "https://id.example.com/a//b", "ftp://id.example.com",
     "https://id.example.com/\n", "https://id.example.com/" + "a" * 256],
)  # fmt: skip
def test_anything_else_is_no_issuer_s(url: str) -> None:
    with pytest.raises(InvalidInputError, match="ISSUER_INVALID"):
        check_url(url)


def test_an_identity_is_written_as_issuer_and_subject() -> None:
    identity = parse_identity("https://id.example.com/#auth0|a#b")

    assert identity == Identity(issuer="https://id.example.com/", subject="auth0|a#b")
    assert str(identity) == "https://id.example.com/#auth0|a#b"


@pytest.mark.parametrize(
    "text", ["", "https://id.example.com", "https://id.example.com#", "#alice", "https://id.example.com#a b"]
)
def test_half_an_identity_is_none(text: str) -> None:
    with pytest.raises(InvalidInputError, match="ISSUER_INVALID"):
        parse_identity(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ""},
        {"client_id": "a b"},
        {"client_secret": "hunter2"},
        {"client_secret": "env:"},
        {"client_secret": "file:relative"},
        {"algorithms": []},
        {"algorithms": ["RS256", "RS256"]},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": "RS256"},
        {"private": "yes"},
        {"purpose": "pipelines"},
        {"colour": "red"},
    ],
)
def test_terms_that_could_not_hold_are_refused(changed: Object) -> None:
    with pytest.raises(InvalidInputError, match="ISSUER_INVALID"):
        read_terms({**TERMS.to_object(), **changed})
