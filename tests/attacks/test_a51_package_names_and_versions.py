"""A51: names and versions that would reach outside their place are refused before they are used."""

from __future__ import annotations

import pytest

from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError
from support.bad_names import NAMES_THAT_LEAVE_THEIR_PLACE, VERSIONS_THAT_NPM_READS_DIFFERENTLY


@pytest.mark.parametrize("name", NAMES_THAT_LEAVE_THEIR_PLACE.values(), ids=NAMES_THAT_LEAVE_THEIR_PLACE.keys())
def test_a51_a_name_outside_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_package_name(name)
    assert refusal.value.code == "NAME_INVALID"


@pytest.mark.parametrize(
    "version", VERSIONS_THAT_NPM_READS_DIFFERENTLY.values(), ids=VERSIONS_THAT_NPM_READS_DIFFERENTLY.keys()
)
def test_a51_a_version_outside_the_grammar_is_refused(version: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_version(version)
    assert refusal.value.code == "VERSION_INVALID"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\u202eb", "a\ud800", "tool\nname"])
def test_a51_a_refusal_shows_what_was_given_escaped(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_package_name(text)
    assert ascii(text) in refusal.value.message


@pytest.mark.parametrize(
    "name",
    ["tool", "@acme/tool", "@types/node", "a", "7zip", "lodash.merge", "snake_case", "@acme/tool-.", "a" * 214],
)
def test_a_name_of_npms_grammar_is_taken_as_it_is(name: str) -> None:
    assert parse_package_name(name) == name


@pytest.mark.parametrize(
    "version",
    [
        "0.0.0",
        "1.0.0",
        "10.20.30",
        "1.0.0-rc.1",
        "1.0.0--",
        "1.0.0-0",
        "1.0.0-x.7.z.92",
        "1.0.0-0a",
        "1.0.0-" + "a" * 250,
    ],
)
def test_a_semantic_version_is_taken_as_it_is(version: str) -> None:
    assert parse_version(version) == version
