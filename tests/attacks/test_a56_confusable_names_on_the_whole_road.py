"""A56 on the whole road: a name that people take for one that is known here is refused before anything is asked."""

from __future__ import annotations

import pytest

from support.archives import manifest, package_json, tgz
from support.bad_names import KNOWN, TAKEN_FOR_A_KNOWN_ONE, WRITTEN_WITH_OTHER_LETTERS
from support.road import Road, publication


@pytest.fixture(scope="module")
def known(road: Road) -> Road:
    """Return the road on which the known packages were published."""
    for name in KNOWN:
        road.publish(tgz(package_json(manifest(name))))
    return road


@pytest.mark.parametrize("name", WRITTEN_WITH_OTHER_LETTERS.values(), ids=WRITTEN_WITH_OTHER_LETTERS.keys())
def test_a56_a_package_in_look_alike_letters_is_not_published(name: str, road: Road) -> None:
    assert road.refused_unasked(publication(tgz(package_json(manifest(name))))) == "NAME_CONFUSABLE"


@pytest.mark.parametrize("name", TAKEN_FOR_A_KNOWN_ONE.values(), ids=TAKEN_FOR_A_KNOWN_ONE.keys())
def test_a56_a_new_package_like_a_known_one_is_not_published(name: str, known: Road) -> None:
    assert known.refused_unasked(publication(tgz(package_json(manifest(name))))) == "NAME_CONFUSABLE"
    assert known.registry.effects(name, "1.0.0") == 0


@pytest.mark.parametrize("version", ["1.0.0+x", "01.0.0", "v1.0.0", "\uff11.0.0", "1.0.0+1.0.0"])
def test_a56_another_spelling_of_a_published_version_is_not_published(version: str, known: Road) -> None:
    archive = tgz(package_json(manifest("@acme/tool", version)))
    assert known.refused_unasked(publication(archive)) == "VERSION_INVALID"
