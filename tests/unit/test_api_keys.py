"""Scopes of API keys by themselves (contract 1)."""

from __future__ import annotations

import pytest

from placet.domain.authorization.api_key import (
    ANY,
    VERBS,
    Verb,
    check_scopes,
    parse_scope,
)
from placet.errors import DeniedError, InvalidInputError


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
