"""A60: a certificate that is expired, not yet valid, revoked, or revoked after signing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509

from placet.domain.certificate.authority import INTERMEDIATE_VALIDITY, LEAF_VALIDITY
from placet.domain.certificate.chain import check_chain
from placet.domain.certificate.revocation import Revocation, RevocationReason, check_not_revoked
from placet.errors import VerificationError
from support.authority import NOW, authority, forged

ID = "CERT-PKG-20260102-001"
SECOND = timedelta(seconds=1)
STOLEN = NOW + timedelta(days=10)


def judge(at: datetime, leaf: x509.Certificate | None = None, intermediate: x509.Certificate | None = None) -> None:
    made = authority()
    check_chain(leaf or made.leaf(), intermediate or made.intermediate.certificate, made.roots, at=at)


def code_at(at: datetime) -> str:
    with pytest.raises(VerificationError) as refused:
        judge(at)
    return refused.value.code


@pytest.mark.parametrize("at", [NOW, NOW + LEAF_VALIDITY - SECOND, NOW + LEAF_VALIDITY])
def test_a_certificate_is_good_from_its_first_to_its_last_second(at: datetime) -> None:
    judge(at)


@pytest.mark.parametrize("at", [NOW + LEAF_VALIDITY + timedelta(milliseconds=1), NOW + 9 * LEAF_VALIDITY])
def test_an_expired_certificate_is_refused(at: datetime) -> None:
    assert code_at(at) == "CERTIFICATE_EXPIRED"


@pytest.mark.parametrize("at", [NOW - timedelta(milliseconds=1), NOW - LEAF_VALIDITY])
def test_a_certificate_that_is_not_yet_valid_is_refused(at: datetime) -> None:
    assert code_at(at) == "CERTIFICATE_NOT_YET_VALID"


def test_a_leaf_under_an_expired_intermediate_is_refused() -> None:
    made = authority()
    late = NOW + 2 * INTERMEDIATE_VALIDITY
    leaf = forged(made.leaf(), made.intermediate, validity=(NOW, late + LEAF_VALIDITY))

    with pytest.raises(VerificationError) as refused:
        judge(NOW + INTERMEDIATE_VALIDITY + SECOND, leaf=leaf)

    assert refused.value.code == "CERTIFICATE_EXPIRED"
    assert "intermediate" in refused.value.message


def revocation(certificate_id: str = ID) -> Revocation:
    return Revocation(
        certificate_id=certificate_id,
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=STOLEN + timedelta(days=3),
        invalid_since=STOLEN,
    )


@pytest.mark.parametrize("at", [STOLEN, STOLEN + timedelta(milliseconds=1), STOLEN + timedelta(days=300)])
def test_a_signature_logged_at_or_after_the_theft_does_not_count(at: datetime) -> None:
    with pytest.raises(VerificationError) as refused:
        check_not_revoked(ID, [revocation("CERT-PKG-20260102-002"), revocation()], at=at)

    assert refused.value.code == "CERTIFICATE_REVOKED"
    assert "key_compromise" in refused.value.message


@pytest.mark.parametrize("at", [NOW, STOLEN - timedelta(milliseconds=1)])
def test_a_signature_logged_before_the_theft_still_counts(at: datetime) -> None:
    check_not_revoked(ID, [revocation()], at=at)


def test_the_revocation_of_another_certificate_changes_nothing() -> None:
    check_not_revoked(ID, [revocation("CERT-PKG-20260102-002")], at=STOLEN)
