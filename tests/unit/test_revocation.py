"""A revocation is read strictly, and its reason is one of X.509's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from placet.domain.certificate.revocation import Revocation, RevocationReason, parse_reason, read_revocation, reason_in
from placet.domain.encoding.canonical import Value
from placet.errors import InvalidInputError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REVOCATION = Revocation(
    certificate_id="CERT-PKG-20260102-001",
    reason=RevocationReason.SUPERSEDED,
    revoked_at=NOW,
    invalid_since=NOW - timedelta(days=1),
)


def test_a_revocation_comes_back_as_it_was() -> None:
    assert read_revocation(REVOCATION.to_object()) == REVOCATION


def test_a_certificate_may_be_invalid_from_the_moment_of_its_revocation() -> None:
    at_once = replace(REVOCATION, invalid_since=NOW)

    assert read_revocation(at_once.to_object()) == at_once


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("certificate_id", "CERT-PKG-1"),
        ("reason", "because"),
        ("revoked_at", "2026-01-02"),
        ("invalid_since", "2026-01-02T03:04:05.001Z"),
        ("more", ""),
    ],
)
def test_any_other_revocation_is_refused(member: str, value: Value) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_revocation({**REVOCATION.to_object(), member: value})

    assert refused.value.code == "REVOCATION_MALFORMED"


def test_a_reason_is_read_by_its_name() -> None:
    assert parse_reason("key_compromise") is RevocationReason.KEY_COMPROMISE


def test_an_unknown_reason_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_reason("Key_Compromise")

    assert refused.value.code == "REASON_INVALID"
    assert "key_compromise" in refused.value.hint


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("superseded", "superseded"),
        ("KeyCompromise", "key_compromise"),
        (" key-compromise ", "key_compromise"),
        ("CESSATION OF OPERATION", "cessation_of_operation"),
        ("the key was compromised", "unspecified"),
        ("", "unspecified"),
        ("x" * 10_000, "unspecified"),
    ],
)
def test_a_reason_is_found_in_a_client_s_own_words_only_where_they_are_one(said: str, reason: str) -> None:
    assert reason_in(said).value == reason
