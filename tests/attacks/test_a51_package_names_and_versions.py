"""A51: names and versions that would reach outside their place are refused before they are used."""

from __future__ import annotations

import pytest

from placet.domain.values.npm import parse_package_name, parse_version
from placet.errors import InvalidInputError

NAMES_THAT_LEAVE_THEIR_PLACE = {
    "empty": "",
    "parent": "..",
    "here": ".",
    "climbing": "../tool",
    "climbing_encoded": "..%2ftool",
    "climbing_twice_encoded": "..%252f..%252ftool",
    "scope_climbing": "@scope/..",
    "scope_climbing_encoded": "@scope%2f..",
    "scope_is_parent": "@../tool",
    "scope_is_here": "@./tool",
    "inside_a_segment": "@acme/tool/../../other",
    "absolute": "/etc/passwd",
    "windows_absolute": "c:\\tool",
    "backslash": "@acme\\tool",
    "nul": "tool\0",
    "nul_encoded": "tool%00",
    "newline_at_the_end": "tool\n",
    "carriage_return": "tool\r",
    "space_before": " tool",
    "space_behind": "tool ",
    "tab_inside": "to\tol",
    "hidden": ".tool",
    "scope_hidden": "@.acme/tool",
    "name_hidden_in_scope": "@acme/.tool",
    "underscore_first": "_tool",
    "underscore_first_in_scope": "@acme/_tool",
    "hyphen_first_like_an_option": "-rf",
    "hyphen_first_in_scope": "@acme/--registry=x",
    "no_scope": "@/tool",
    "no_name": "@acme/",
    "scope_alone": "@acme",
    "two_scopes": "@acme/@acme/tool",
    "two_slashes": "@acme//tool",
    "unscoped_path": "acme/tool",
    "upper_case": "Tool",
    "upper_case_scope": "@Acme/tool",
    "query": "tool?write=true",
    "fragment": "tool#x",
    "version_inside": "tool@1.0.0",
    "url": "http://tool",
    "quote": "tool'",
    "tilde": "~tool",
    "star": "tool*",
    "parenthesis": "tool(1)",
    "exclamation": "tool!",
    "bidi_override": "tool\u202eexe",
    "zero_width": "to\u200bol",
    "byte_order_mark": "\ufefftool",
    "combining_accent_nfd": "cafe\u0301",
    "accent_nfc": "caf\u00e9",
    "lone_surrogate": "tool\ud800",
    "emoji": "tool\U0001f600",
    "no_ascii_at_all": "\u5de5\u5177",
    "arabic_digit": "tool\u0661",
    "reserved_folder": "node_modules",
    "reserved_folder_in_scope": "@acme/node_modules",
    "reserved_file": "favicon.ico",
    "core_module": "fs",
    "core_module_http2": "http2",
    "longer_than_214": "a" * 215,
    "scoped_longer_than_214": "@acme/" + "a" * 209,
}

VERSIONS_THAT_NPM_READS_DIFFERENTLY = {
    "empty": "",
    "leading_v": "v1.0.0",
    "leading_equals": "=1.0.0",
    "leading_zero_major": "01.0.0",
    "leading_zero_minor": "1.00.0",
    "leading_zero_patch": "1.0.01",
    "leading_zero_prerelease": "1.0.0-01",
    "two_numbers": "1.0",
    "four_numbers": "1.0.0.0",
    "build_metadata": "1.0.0+x",
    "build_metadata_behind_prerelease": "1.0.0-rc.1+x",
    "empty_prerelease": "1.0.0-",
    "empty_prerelease_part": "1.0.0-rc..1",
    "space_before": " 1.0.0",
    "newline_at_the_end": "1.0.0\n",
    "nul": "1.0.0\0",
    "climbing": "../1.0.0",
    "climbing_encoded": "1.0.0-..%2f..%2fx",
    "slash": "1.0.0/x",
    "full_width_digits": "\uff11.\uff10.\uff10",
    "arabic_digits": "\u0661.\u0660.\u0660",
    "superscript": "1.0.\u00b2",
    "minus": "-1.0.0",
    "underscore_in_number": "1_0.0.0",
    "range": "^1.0.0",
    "star": "1.0.*",
    "tag": "latest",
    "number_beyond_javascript": "9007199254740992.0.0",
    "longer_than_256": "1.0.0-" + "a" * 251,
    "prerelease_with_underscore": "1.0.0-a_b",
}


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
