"""API keys and scopes by themselves (contract 1)."""

from __future__ import annotations

import pytest

from placet.domain.authorization.api_key import (
    ANY,
    PREFIX,
    RANDOM_BYTES,
    VERBS,
    Verb,
    check_scopes,
    make_api_key,
    parse_api_key,
    parse_scope,
)
from placet.domain.values.digest import sha256
from placet.errors import DeniedError, InvalidInputError

RANDOM = bytes(range(RANDOM_BYTES))


def test_a_key_is_read_back_from_what_is_shown_and_known_by_its_digest_alone() -> None:
    shown, key = make_api_key(RANDOM)

    assert parse_api_key(shown) == key
    assert key.digest == sha256(shown.encode())
    assert shown.startswith(PREFIX + key.key_id)
    assert shown not in repr(key)


def test_other_randomness_is_another_key_under_another_id() -> None:
    keys = {make_api_key(RANDOM[:at] + b"\xff" + RANDOM[at + 1 :])[1].key_id for at in range(16, 32)}

    assert len(keys) == len(range(16, 32))


@pytest.mark.parametrize("at", range(len(PREFIX), len(PREFIX) + 50))
def test_one_wrong_character_makes_it_no_key(at: int) -> None:
    shown, _ = make_api_key(RANDOM)
    wrong = "0" if shown[at] != "0" else "1"

    assert parse_api_key(shown[:at] + wrong + shown[at + 1 :]) is None


@pytest.mark.parametrize("text", ["", PREFIX, "placet_boot_0123", "placet_key_" + "é" * 50, "placet_key_" + "0" * 49])
def test_what_has_another_form_is_no_key(text: str) -> None:
    assert parse_api_key(text) is None


def test_a_shown_key_with_anything_around_it_is_no_key() -> None:
    shown, _ = make_api_key(RANDOM)

    assert [parse_api_key(text) for text in (f" {shown}", f"{shown}\n", shown.upper())] == [None, None, None]


@pytest.mark.parametrize("verb", [*VERBS, ANY])
@pytest.mark.parametrize("pattern", ["@acme/*", "tool", "*", "**"])
def test_a_scope_is_written_as_it_was_read(verb: str, pattern: str) -> None:
    assert str(parse_scope(f"{verb}={pattern}")) == f"{verb}={pattern}"


@pytest.mark.parametrize("text", ["", "*", "=", "=*", "registry:write", "registry:write=", "registry=*", "*=a b"])
def test_what_leaves_something_out_is_no_scope(text: str) -> None:
    with pytest.raises(InvalidInputError, match="SCOPE_INVALID"):
        parse_scope(text)


@pytest.mark.parametrize(
    ("scope", "verb", "package", "covered"),
    [
        ("registry:write=@acme/*", Verb.REGISTER, "@acme/tool", True),
        ("registry:write=@acme/*", Verb.REGISTER, "@other/tool", False),
        ("registry:write=@acme/*", Verb.ISSUE, "@acme/tool", False),
        ("*=@acme/*", Verb.ISSUE, "@acme/tool", True),
        ("registry:write=*", Verb.REGISTER, "@acme/tool", True),
        ("registry:write=*", Verb.REGISTER, "tool", True),
        ("registry:write=tool", Verb.REGISTER, "tools", False),
    ],
)
def test_a_scope_covers_its_verb_of_its_packages(scope: str, verb: str, package: str, *, covered: bool) -> None:
    assert parse_scope(scope).covers(verb, package) is covered


def test_the_missing_scope_is_named() -> None:
    with pytest.raises(DeniedError, match="certificates:issue=@acme/tool") as denied:
        check_scopes((parse_scope("registry:write=*"), parse_scope("*=@other/*")), Verb.ISSUE, "@acme/tool")

    assert denied.value.code == "SCOPE_INSUFFICIENT"
    check_scopes((parse_scope("registry:write=*"), parse_scope("*=@acme/*")), Verb.ISSUE, "@acme/tool")
