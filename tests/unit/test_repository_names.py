from __future__ import annotations

import pytest

from placet.domain.values.repository import parse_ref_name, parse_repository_name
from placet.errors import InvalidInputError


@pytest.mark.parametrize(
    "name", ["acme/tool", "a/b", "acme-inc/tool.js", "acme_x/_private", "acme/.github", "a" * 39 + "/" + "b" * 100]
)
def test_a_repository_is_an_owner_and_a_name(name: str) -> None:
    assert parse_repository_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Acme/tool",
        "acme/Tool",
        "acme",
        "acme/",
        "/tool",
        "acme/tool/more",
        "acme/..",
        "acme/.",
        "acme/tool.git",
        "-acme/tool",
        "acme-/tool",
        "acme/to ol",
        "acme/tool\n",
        "acme/t\u043eol",
        "acme/tool?x",
        "acme/tool#x",
        "acme/%2e%2e",
        "a" * 40 + "/b",
        "a/" + "b" * 101,
        "",
    ],
)
def test_what_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="NAME_INVALID"):
        parse_repository_name(name)


@pytest.mark.parametrize(
    "name", ["v1.0.0", "main", "docs-1.0.0", "release/1.x", "@acme/tool@1.0.0", "v1.0.0+build", "a" * 128]
)
def test_a_tag_or_branch_has_a_short_name(name: str) -> None:
    assert parse_ref_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "v1..0",
        "v1.lock",
        "v1.lock/x",
        "x/../y",
        "/v1",
        "v1/",
        "a//b",
        ".v1",
        "v1.",
        "-v1",
        "v1 0",
        "v1~1",
        "v1^",
        "v1:x",
        "v1?",
        "v1*",
        "v1[",
        "v1\\",
        "v1\n",
        "@",
        "@@",
        "a@@b",
        "v1@{0}",
        "refs/tags/v1",
        "heads/main",
        "tags/v1",
        "ab" * 20,
        "v\u0661",
        "a" * 129,
    ],
)
def test_what_git_or_people_would_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="NAME_INVALID"):
        parse_ref_name(name)
