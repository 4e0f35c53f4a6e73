"""A108 on the whole road: what cannot be stamped without doubt is not published, what was touched is not verified.

Stamping comes after the certificate, so here a run and a certificate exist when the refusal comes: both end with it.
"""

from __future__ import annotations

import pytest

from placet.domain.package.stamp import unstamp
from support.archives import member, package_json, tgz, unpacked
from support.bad_stamps import (
    BLOCKS_TOUCHED_AFTER_STAMPING,
    ESCAPED,
    HEADERS_THAT_CANNOT_BE_STAMPED,
    TEXTS_THAT_CANNOT_BE_STAMPED,
)
from support.road import Road, publication

pytestmark = pytest.mark.thorough

NAMED = b'{"name":"@acme/tool","version":"1.0.0"'
ONLY_STAMPING_REFUSES = {
    "block_there_already": NAMED + b',"chittyos":{}}',
    "block_there_as_null": NAMED + b',"chittyos":null}',
    "block_name_escaped": NAMED + b',"' + ESCAPED + b'":{}}',
    "block_name_half_escaped": NAMED + b',"chitty\\u006Fs":{}}',
}
WHAT_IS_WRITTEN = [
    "run.requested",
    "plan.created",
    "package.certificate.issued",
    "certificate.revoked",
    "run.abandoned",
]


def refused_at_stamping(road: Road, archive: bytes) -> None:
    """Check that the archive is refused, and that what was begun for it has ended."""
    before = road.trace()
    refused = road.refused(publication(archive))
    assert (refused.code, refused.types) == ("STAMP_REFUSED", WHAT_IS_WRITTEN)
    assert [each["subject"] for each in refused.entries if "certificate" in each["type"]] == [
        "core:@acme/tool@1.0.0",
        "@acme/tool@1.0.0",
    ]
    assert road.trace().open_runs == before.open_runs == frozenset()


@pytest.mark.parametrize("case", ONLY_STAMPING_REFUSES)
def test_a108_a_package_with_a_block_already_is_not_published(case: str, road: Road) -> None:
    refused_at_stamping(road, tgz(package_json(ONLY_STAMPING_REFUSES[case])))


@pytest.mark.parametrize("case", HEADERS_THAT_CANNOT_BE_STAMPED)
def test_a108_a_package_whose_header_could_not_come_back_is_not_published(case: str, road: Road) -> None:
    refused_at_stamping(road, tgz(HEADERS_THAT_CANNOT_BE_STAMPED[case](NAMED + b"}")))


@pytest.mark.parametrize("case", sorted(set(TEXTS_THAT_CANNOT_BE_STAMPED) - set(ONLY_STAMPING_REFUSES)))
def test_a108_a_package_json_with_two_readings_comes_nowhere_near_a_stamp(case: str, road: Road) -> None:
    archive = tgz(package_json(TEXTS_THAT_CANNOT_BE_STAMPED[case]))
    assert road.refused_unasked(publication(archive)) in {"ARTIFACT_AMBIGUOUS", "NAME_INVALID"}


@pytest.fixture(scope="module")
def published(road: Road) -> bytes:
    """Return a published archive, as the registry serves it."""
    road.publish(tgz(package_json(b'{"name":"@acme/other","version":"1.0.0"}'), member("package/x", b"x")))
    return road.registry.packages.tarball("@acme/other", "other-1.0.0.tgz")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("case", BLOCKS_TOUCHED_AFTER_STAMPING)
def test_a108_a_published_archive_with_a_touched_block_is_not_verified(case: str, road: Road) -> None:
    text = b'{"name":"@acme/other","version":"1.0.0","chittyos":%b}' % BLOCKS_TOUCHED_AFTER_STAMPING[case]
    touched = tgz(package_json(text), member("package/x", b"x"))
    code = road.refused_unasked(lambda placet: placet.verification.verify_archive(touched))
    assert code == "DIGEST_MISMATCH"


def test_a108_a_block_that_unstamps_to_the_same_stream_is_still_another_archive(road: Road, published: bytes) -> None:
    block = unstamp(published).block.encode()
    text = b'{"name":"@acme/other","version":"1.0.0","chittyos":%b}' % block.replace(b'"placet"', b'"evil"')
    altered = tgz(package_json(text), member("package/x", b"x"))
    assert unstamp(altered).tar == unstamp(published).tar != unpacked(published)
    assert road.refused_unasked(lambda placet: placet.verification.verify_archive(altered)) == "DIGEST_MISMATCH"


def test_a108_the_published_archive_itself_is_verified(road: Road, published: bytes) -> None:
    assert road.do(lambda placet: placet.verification.verify_archive(published))["verified"] is True
