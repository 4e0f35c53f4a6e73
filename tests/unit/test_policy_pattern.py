from __future__ import annotations

import pytest

from placet.domain.authorization.operation import Subject
from placet.domain.authorization.pattern import parse_pattern, parse_subject_pattern


def matches(pattern: str, text: str) -> bool:
    parsed = parse_pattern(pattern)
    assert parsed is not None
    return parsed.matches(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("@acme/*", "@acme/tool"),
        ("@acme/*", "@acme/"),
        ("*", "tool"),
        ("*", ""),
        ("**", "@acme/tool"),
        ("**", ""),
        ("ci:github:acme/*", "ci:github:acme/tool"),
        ("ci:**", "ci:github:acme/tool"),
        ("@acme/tool-*-x", "@acme/tool-a-x"),
        ("@acme/tool-*-x", "@acme/tool--x-x"),
        ("a*b*c", "abbc"),
        ("a**z", "a/b/c/z"),
        ("*/*", "a/b"),
        ("**/x", "a/b/x"),
        ("docs", "docs"),
    ],
)
def test_a_pattern_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("@acme/*", "@acme-evil/tool"),
        ("@acme/*", "@acme/a/b"),
        ("@acme/*", "@acme"),
        ("@acme/*", "x@acme/tool"),
        ("*", "@acme/tool"),
        ("docs", "docs2"),
        ("docs", "doc"),
        ("docs", "Docs"),
        ("docs", ""),
        ("a*b", "a/b"),
        ("*/*", "a/b/c"),
        ("a.c", "abc"),
        ("tool", "tool\n"),
        ("person:alice", "person:alice2"),
        ("docs", "socs"),
        ("docs", "dodo"),
        ("ab", "bb"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, text: str) -> None:
    assert not matches(pattern, text)


@pytest.mark.parametrize("text", ["", "***", "a***b", "****", "a b", "ä", "a\n", "\x00", "a" * 513])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    assert parse_pattern(text) is None


def test_the_longest_pattern_is_a_pattern() -> None:
    assert matches("a" * 512, "a" * 512)


def subject(provider: str, name: str) -> Subject:
    return Subject(provider=provider, name=name, version="1.0.0", tag="")


@pytest.mark.parametrize(
    ("pattern", "provider", "name", "expected"),
    [
        ("npm:@acme/*", "npm", "@acme/tool", True),
        ("npm:@acme/*", "npm2", "@acme/tool", False),
        ("npm:@acme/*", "npm", "@acme-evil/tool", False),
        ("*:@acme/*", "r2", "@acme/tool", True),
        ("*:@acme/*", "npm", "evil:@acme/tool", False),
        ("npm:a:b", "npm", "a:b", True),
        ("*:**", "core", "@acme/tool", True),
        ("core:*", "core", "@acme/tool", False),
    ],
)
def test_provider_and_name_are_matched_apart(pattern: str, provider: str, name: str, *, expected: bool) -> None:
    parsed = parse_subject_pattern(pattern)

    assert parsed is not None
    assert parsed.matches(subject(provider, name)) is expected


@pytest.mark.parametrize(
    "text", ["", "npm", "npm:", ":x", "NPM:x", "n*:x", "**:x", "npm:***", "npm :x", "a" * 65 + ":x"]
)
def test_what_is_no_subject_pattern_is_refused(text: str) -> None:
    assert parse_subject_pattern(text) is None
