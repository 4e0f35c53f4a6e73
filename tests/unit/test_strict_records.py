"""Reading an object member by member: each once, with its type and grammar, and nothing left over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.encoding.canonical import Value
from placet.domain.encoding.record import Record
from placet.errors import InvalidInputError

DIGEST = "sha256:" + "0a" * 32
GOOD: dict[str, tuple[Callable[[Record], object], Any, object]] = {
    "text": (lambda record: record.text("a"), "any text", "any text"),
    "empty text": (lambda record: record.text("a"), "", ""),
    "text of a pattern": (lambda record: record.text("a", "[a-c]+"), "abc", "abc"),
    "integer": (lambda record: record.integer("a"), 7, 7),
    "least": (lambda record: record.integer("a", least=7, most=9), 7, 7),
    "most": (lambda record: record.integer("a", least=7, most=9), 9, 9),
    "flag": (lambda record: record.flag("a"), False, False),
    "constant": (lambda record: record.constant("a", "x"), "x", None),
    "constant number": (lambda record: record.constant("a", 1), 1, None),
    "constant flag": (lambda record: record.constant("a", expected=True), True, None),
    "digest": (lambda record: record.digest("a"), DIGEST, DIGEST),
    "instant": (
        lambda record: record.instant("a"),
        "2026-01-02T03:04:05.678Z",
        datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    ),
    "object": (lambda record: record.object("a"), {"b": 1}, {"b": 1}),
    "list": (lambda record: record.list_of("a", str), [1, "x"], ("1", "x")),
    "empty list": (lambda record: record.list_of("a", str), [], ()),
    "longest list": (lambda record: record.list_of("a", str, most=2), [1, 2], ("1", "2")),
    "texts": (lambda record: record.texts("a"), ["x", ""], ("x", "")),
    "texts of a pattern": (lambda record: record.texts("a", "[a-c]"), ["a", "c"], ("a", "c")),
}
BAD: dict[str, tuple[Callable[[Record], object], list[Any], str]] = {
    "text": (lambda record: record.text("a"), [1, True, [], {}], "has no well-formed a"),
    "text of a pattern": (
        lambda record: record.text("a", "[a-c]+"),
        ["", "abd", "abc\n", "\nabc", " abc", "ABC"],
        "has no well-formed a",
    ),
    "integer": (
        lambda record: record.integer("a", least=1, most=9),
        [0, 10, True, False, "1", []],
        "has no a between 1 and 9",
    ),
    "integer by default": (
        lambda record: record.integer("a"),
        [-1, 2**53],
        "has no a between 0 and 9007199254740991",
    ),
    "flag": (lambda record: record.flag("a"), [0, 1, "true", []], "has no boolean a"),
    "constant": (lambda record: record.constant("a", 1), [2, True, "1", [1]], "has another a than 1"),
    "constant flag": (lambda record: record.constant("a", expected=True), [1, False], "has another a than True"),
    "digest": (
        lambda record: record.digest("a"),
        ["", "0a" * 32, DIGEST.upper(), DIGEST + "0", DIGEST[:-1], "sha512:" + "0a" * 32, DIGEST + "\n"],
        "has no well-formed a",
    ),
    "instant": (lambda record: record.instant("a"), ["", "2026-01-02", 7], "has no well-formed a"),
    "object": (lambda record: record.object("a"), [[], "", 1], "has no object a"),
    "list": (
        lambda record: record.list_of("a", str, most=2),
        [[1, 2, 3], {}, "ab"],
        "has no array a of at most 2 elements",
    ),
    "texts": (
        lambda record: record.texts("a", "[a-c]"),
        [["a", "d"], [1], [["a"]], ["a\n"]],
        "has a malformed element in a",
    ),
}


def a_record(value: Value) -> Record:
    return Record(value, what="thing", code="THING_INVALID")


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(InvalidInputError) as caught:
        act()
    assert caught.value.code == "THING_INVALID"
    return caught.value.message


@pytest.mark.parametrize("kind", GOOD)
def test_a_member_of_the_right_kind_is_read_and_taken(kind: str) -> None:
    read, value, expected = GOOD[kind]
    record = a_record({"a": value})

    assert read(record) == expected
    record.end()


@pytest.mark.parametrize("kind", BAD)
def test_a_member_of_another_kind_is_refused_with_the_record_s_code(kind: str) -> None:
    read, values, sentence = BAD[kind]

    for value in values:
        record = a_record({"a": value})
        assert refusal(partial(read, record)) == f"the thing {sentence}"


@pytest.mark.parametrize("kind", GOOD)
def test_a_member_that_is_not_there_is_refused(kind: str) -> None:
    read, value, _ = GOOD[kind]

    assert refusal(lambda: read(a_record({"b": value}))) == "the thing lacks a"


@pytest.mark.parametrize("kind", GOOD)
def test_no_member_is_read_twice(kind: str) -> None:
    read, value, _ = GOOD[kind]
    record = a_record({"a": value})
    read(record)

    assert refusal(lambda: read(record)) == "the thing lacks a"


@pytest.mark.parametrize("value", [[], "", 1, True])
def test_what_is_no_object_is_refused(value: Value) -> None:
    assert refusal(lambda: a_record(value)) == "the thing is not an object"


def test_what_nobody_took_is_refused_by_name() -> None:
    record = a_record({"c": 1, "a": 1, "b": 1})
    record.integer("b")

    assert refusal(record.end) == "the thing has unknown members: a, c"


def test_a_crowd_of_unknown_members_is_cut() -> None:
    record = a_record({f"member_{number:03}": 1 for number in range(100)})

    assert len(refusal(record.end)) < 240


def test_reading_leaves_the_object_as_it_was() -> None:
    value: Value = {"a": "x"}
    a_record(value).text("a")

    assert value == {"a": "x"}


@given(
    st.dictionaries(st.sampled_from("abc"), st.text(st.characters(codec="ascii", categories=["L", "N"])), min_size=1)
)
def test_a_record_of_texts_reads_back_whole_and_nothing_else(members: dict[str, str]) -> None:
    record = a_record(dict(members))

    assert {name: record.text(name) for name in members} == members
    record.end()
