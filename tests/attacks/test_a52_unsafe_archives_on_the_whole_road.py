"""A52 on the whole road: an archive that would leave its place is refused before anything is asked."""

from __future__ import annotations

import pytest

from support.archives import END, header, manifest, member, package_json, pax, tgz
from support.bad_archives import KINDS, PATHS_THAT_LEAVE, SHAPES
from support.road import Road, publication

PACKAGE = package_json(manifest("@acme/tool"))
UNSAFE = {
    **{f"path_{name}": member(path, b"x") for name, path in PATHS_THAT_LEAVE.items()},
    **{f"pax_path_{name}": pax(("path", path)) + member("package/x", b"x") for name, path in PATHS_THAT_LEAVE.items()},
    **{f"kind_{name}": header("package/x", kind=kind) for name, kind in KINDS.items()},
    **SHAPES,
}


@pytest.mark.parametrize("case", UNSAFE)
def test_a52_an_unsafe_archive_is_not_published(case: str, road: Road) -> None:
    assert road.refused_unasked(publication(tgz(PACKAGE, UNSAFE[case]))) == "ARTIFACT_UNSAFE"


@pytest.mark.parametrize("archive", [tgz(member("package/lib/package.json", manifest("@acme/tool"))), tgz(end=END)])
def test_a52_an_archive_without_a_package_is_not_published(archive: bytes, road: Road) -> None:
    assert road.refused_unasked(publication(archive)) == "ARTIFACT_UNSAFE"


def test_a52_on_the_same_road_a_plain_archive_is_published_once(road: Road) -> None:
    before = road.trace()
    published = road.publish(tgz(PACKAGE, member("package/x", b"x")))
    after = road.trace()

    assert road.registry.effects("@acme/tool", "1.0.0") == 1
    assert after.written == before.written + 1
    assert {"packages/@acme/tool/1.0.0.tgz", "packages/@acme/tool/1.0.0.tgz.cert.pem"} <= after.objects
    assert after.certificates - before.certificates == {published["certificate_id"]}
    assert [each["type"] for each in after.entries].count("package.published") == 1
