"""A51 on the whole road: a name or version that would reach outside its place is refused before anything is asked."""

from __future__ import annotations

import pytest

from placet.facade import Placet
from support.archives import manifest, package_json, tgz
from support.bad_names import NAMES_THAT_LEAVE_THEIR_PLACE, VERSIONS_THAT_NPM_READS_DIFFERENTLY
from support.road import Road, publication

NO_JSON = "lone_surrogate"
"""What only an escape can write, and two readers read differently."""


@pytest.mark.parametrize("case", NAMES_THAT_LEAVE_THEIR_PLACE)
def test_a51_a_package_of_such_a_name_is_not_published(case: str, road: Road) -> None:
    archive = tgz(package_json(manifest(NAMES_THAT_LEAVE_THEIR_PLACE[case])))
    code = road.refused_unasked(publication(archive))
    assert code == ("ARTIFACT_AMBIGUOUS" if case == NO_JSON else "NAME_INVALID")


@pytest.mark.parametrize("case", VERSIONS_THAT_NPM_READS_DIFFERENTLY)
def test_a51_a_package_of_such_a_version_is_not_published(case: str, road: Road) -> None:
    archive = tgz(package_json(manifest("@acme/tool", VERSIONS_THAT_NPM_READS_DIFFERENTLY[case])))
    assert road.refused_unasked(publication(archive)) == "VERSION_INVALID"


@pytest.mark.parametrize("case", NAMES_THAT_LEAVE_THEIR_PLACE)
def test_a51_such_a_name_is_not_certified(case: str, road: Road) -> None:
    name = NAMES_THAT_LEAVE_THEIR_PLACE[case]
    assert road.refused_unasked(lambda placet: _certify(placet, name, "1.0.0")) == "NAME_INVALID"


@pytest.mark.parametrize("case", VERSIONS_THAT_NPM_READS_DIFFERENTLY)
def test_a51_such_a_version_is_not_certified(case: str, road: Road) -> None:
    version = VERSIONS_THAT_NPM_READS_DIFFERENTLY[case]
    assert road.refused_unasked(lambda placet: _certify(placet, "@acme/tool", version)) == "VERSION_INVALID"


async def _certify(placet: Placet, name: str, version: str) -> object:
    _, request = placet.certificates.make_key("p256")
    return await placet.certificates.issue(name, version, request=request, made_here=True)
