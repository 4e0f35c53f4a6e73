"""A56: a name that people take for a known one is refused; a plain neighbour is not."""

from __future__ import annotations

import pytest

from placet.domain.values.confusable import check_not_confusable, letters_read_as
from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError
from support.bad_names import KNOWN, TAKEN_FOR_A_KNOWN_ONE, WRITTEN_WITH_OTHER_LETTERS

PLAIN_NEIGHBOURS = [
    "@acme-evil/tool",
    "@acme2/tool",
    "acme-tool",
    "tools",
    "tool-1",
    "tool-11",
    "tool2",
    "tole",
    "loot",
    "@acme/tool-1",
    "@other/tool",
    "lodash-es",
    "lodasx",
    "elxctrxn",
    "lecetron",
    "lodash",
    "@acme/tool",
]


@pytest.mark.parametrize("name", WRITTEN_WITH_OTHER_LETTERS.values(), ids=WRITTEN_WITH_OTHER_LETTERS.keys())
def test_a56_a_name_in_look_alike_letters_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_package_name(name)
    assert refusal.value.code == "NAME_CONFUSABLE"


@pytest.mark.parametrize("name", TAKEN_FOR_A_KNOWN_ONE.values(), ids=TAKEN_FOR_A_KNOWN_ONE.keys())
def test_a56_a_new_name_like_a_known_one_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_not_confusable(parse_package_name(name), KNOWN)
    assert refusal.value.code == "NAME_CONFUSABLE"


@pytest.mark.parametrize("name", PLAIN_NEIGHBOURS)
def test_a56_a_plainly_different_or_known_name_passes(name: str) -> None:
    check_not_confusable(parse_package_name(name), KNOWN)


def test_a56_the_refusal_names_the_known_package() -> None:
    with pytest.raises(InvalidInputError, match="lodash, which is known here"):
        check_not_confusable("l0dash", ["react", "lodash"])


def test_a56_a_number_of_its_own_is_not_read_as_a_letter() -> None:
    check_not_confusable("es10", ["eslo", "es1"])


@pytest.mark.parametrize("plain", list("abcdeghijklmnopqrstuvwxy"))
def test_a56_every_letter_with_look_alikes_reads_as_itself(plain: str) -> None:
    assert letters_read_as(plain) == plain


@pytest.mark.parametrize("version", ["1.0.0+x", "01.0.0", "v1.0.0", "\uff11.0.0", "1.0.0+1.0.0"])
def test_a56_another_spelling_of_a_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_version(version)
    assert refusal.value.code == "VERSION_INVALID"
