"""A107 on the whole road: an archive that two readers unpack differently is refused before anything is asked."""

from __future__ import annotations

import pytest

from support.archives import header, package_json, tgz
from support.bad_archives import BINARY_SIZE, CASES, MANIFESTS_WITH_TWO_READINGS, PACKAGE, TWO_READINGS
from support.road import Road, publication


@pytest.mark.parametrize("case", CASES)
def test_a107_an_archive_with_two_readings_is_not_published(case: str, road: Road) -> None:
    assert road.refused_unasked(publication(CASES[case])) == "ARTIFACT_UNSAFE"


@pytest.mark.parametrize("case", TWO_READINGS)
def test_a107_an_archive_with_an_ambiguous_member_is_not_published(case: str, road: Road) -> None:
    assert road.refused_unasked(publication(tgz(PACKAGE, TWO_READINGS[case]))) == "ARTIFACT_AMBIGUOUS"


@pytest.mark.parametrize("case", MANIFESTS_WITH_TWO_READINGS)
def test_a107_a_package_json_with_two_readings_is_not_published(case: str, road: Road) -> None:
    archive = tgz(package_json(MANIFESTS_WITH_TWO_READINGS[case]))
    assert road.refused_unasked(publication(archive)) == "ARTIFACT_AMBIGUOUS"


def test_a107_an_archive_with_a_size_in_binary_is_not_published(road: Road) -> None:
    archive = tgz(PACKAGE, header("package/x", size=BINARY_SIZE))
    assert road.refused_unasked(publication(archive)) == "ARTIFACT_TOO_LARGE"
