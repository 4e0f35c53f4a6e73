"""A60 on the whole road: certificates that are out of time, or revoked, neither publish nor verify."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.encoding.pem import certificate_der, read_certificate_der
from placet.facade import Placet
from placet.ports.keys import AuthorityRole
from support.archives import manifest, package_json, tgz
from support.authority import forged
from support.evidence import Evidence
from support.road import Road, publication

SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [(-YEAR, -SECOND, "CERTIFICATE_EXPIRED"), (YEAR, 2 * YEAR, "CERTIFICATE_NOT_YET_VALID")],
)
def test_a60_evidence_with_a_certificate_out_of_time_is_not_verified(
    begin: timedelta, end: timedelta, code: str, evidence: Evidence
) -> None:
    issued_at = evidence.leaf.not_valid_before_utc
    leaf = forged(evidence.leaf, evidence.issuer(), validity=(issued_at + begin, issued_at + end))

    assert evidence.code_of(evidence.with_leaf(leaf)) == code


def test_a60_evidence_under_an_expired_intermediate_is_not_verified(evidence: Evidence) -> None:
    honest = read_certificate_der(evidence.bundle.intermediate)
    issued_at = evidence.leaf.not_valid_before_utc
    expired = forged(honest, evidence.issuer(AuthorityRole.ROOT), validity=(issued_at - YEAR, issued_at - SECOND))

    assert evidence.code_of(replace(evidence.bundle, intermediate=certificate_der(expired))) == "CERTIFICATE_EXPIRED"


def test_a60_a_longer_life_than_the_log_issued_is_not_believed(evidence: Evidence) -> None:
    begin, end = evidence.leaf.not_valid_before_utc, evidence.leaf.not_valid_after_utc
    leaf = forged(evidence.leaf, evidence.issuer(), validity=(begin, end + YEAR))

    assert evidence.code_of(evidence.with_leaf(leaf)) == "CERTIFICATE_UNTRUSTED"


class StoppedError(BaseException):
    """Stands for the end of the process at a named point: nothing may catch it."""


def stop_when_planned(point: str) -> None:
    if point == "publication.planned":
        raise StoppedError


def test_a60_a_certificate_revoked_before_the_effects_publishes_nothing(road: Road) -> None:
    archive = tgz(package_json(manifest("@acme/late")))
    with pytest.raises(StoppedError):
        road.do(publication(archive), at=stop_when_planned)
    certificate_id, run_id = road.do(_newest)
    road.do(lambda placet: placet.certificates.revoke(certificate_id, reason="key_compromise"))

    refused = road.refused(lambda placet: placet.publishing.resume(run_id))

    denials = [each["data"] for each in refused.entries if each["type"] == "authorization.denied"]
    assert refused.code == "STALE_CERTIFICATE"
    assert {each["code"] for each in denials} == {"STALE_CERTIFICATE"}
    assert road.registry.effects("@acme/late", "1.0.0") == 0


async def _newest(placet: Placet) -> tuple[str, str]:
    """Return the one certificate of `@acme/late` and its run."""
    listed: Any = await placet.certificates.list("@acme/late")
    (row,) = listed["certificates"]
    return row["cert_id"], row["run_id"]


# This one revokes the certificate of the evidence: what needs it whole stands above.


def test_a60_a_certificate_revoked_after_the_publication_is_told_and_still_counts(evidence: Evidence) -> None:
    evidence.road.do(lambda placet: placet.certificates.revoke(evidence.certificate_id, reason="superseded"))

    told = evidence.verdict(evidence.now())

    assert (told["verified"], [each["reason"] for each in told["revoked_later"]]) == (True, ["superseded"])
    assert evidence.road.trace().entries[-1]["type"] == "certificate.revoked"


def test_a60_a_certificate_revoked_as_of_before_the_publication_proves_nothing(road: Road) -> None:
    stolen = road.publish(tgz(package_json(manifest("@acme/stolen"))))
    since = "2020-01-01T00:00:00.000Z"
    road.do(
        lambda placet: placet.certificates.revoke(
            str(stolen["certificate_id"]), reason="key_compromise", invalid_since=since
        )
    )

    code = road.refused_unasked(lambda placet: placet.verification.verify_version("@acme/stolen", "1.0.0"))

    assert code == "CERTIFICATE_REVOKED"
