"""A56: a name that people take for a known one is refused; a plain neighbour is not."""

from __future__ import annotations

import pytest

from placet.domain.values.confusable import check_not_confusable, letters_read_as
from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError

KNOWN = ("lodash", "express", "cross-env", "electron", "jquery", "tool", "@acme/tool", "@acme/calendar", "modern")

WRITTEN_WITH_OTHER_LETTERS = {
    "cyrillic_o": "l\u043edash",
    "greek_omicron": "l\u03bfdash",
    "cyrillic_scope": "@\u0430cme/tool",
    "full_width": "\uff4c\uff4f\uff44\uff41\uff53\uff48",
    "mathematical": "\U0001d5c5odash",
    "fraction_slash": "@acme\u2044tool",
    "full_width_scope_marks": "\uff20acme\uff0ftool",
    "non_breaking_hyphen": "cross\u2011env",
    "dotless_i": "v\u0131te",
}

TAKEN_FOR_A_KNOWN_ONE = {
    "zero_for_o": "l0dash",
    "zero_for_o_at_the_end_of_a_word": "t0ol",
    "one_for_l": "1odash",
    "one_for_l_at_the_end": "too1",
    "i_for_l": "iodash",
    "r_and_n_for_m": "rnodern",
    "doubled_letter": "expresss",
    "undoubled_letter": "expres",
    "punctuation_left_out": "crossenv",
    "other_punctuation": "cross_env",
    "neighbours_swapped": "electorn",
    "last_two_swapped": "jqurey",
    "scope_with_r_n": "@acrne/tool",
    "scope_with_punctuation": "@ac-me/tool",
    "scope_with_a_doubled_letter": "@acmee/tool",
    "scoped_name_with_cl": "@acme/calenclar",
}

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
