"""No altered bundle gives another verdict: every change of every part is refused, with a named code (protocol 8)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from placet.domain.encoding.canonical import encode
from placet.domain.verification.bundle import LIMIT_BYTES
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import verify_bundle
from support.publication import honest, story, trust_root, two_stories

ROOT = trust_root()
Path = tuple[str | int, ...]


def verdict_of(encoded: bytes) -> str:
    """Return `verified`, or the code of the refusal; anything else that is raised is a bug and fails the test."""
    try:
        verify_bundle(encoded, ROOT)
    except VerdictError as refused:
        return refused.code
    return "verified"


def flipped(at: int, mask: int) -> bytes:
    content = honest()
    return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


def test_the_honest_bundle_is_verified() -> None:
    assert verdict_of(honest()) == "verified"


@settings(max_examples=400)
@given(st.integers(0, len(honest()) - 1), st.integers(1, 255))
def test_no_altered_byte_is_verified(at: int, mask: int) -> None:
    assert verdict_of(flipped(at, mask)) != "verified"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_no_altered_byte_at_all_is_verified(part: int) -> None:
    survivors = [at for at in range(part, len(honest()), 8) if verdict_of(flipped(at, 1)) == "verified"]

    assert survivors == []


@settings(max_examples=200)
@given(st.integers(0, len(honest())), st.binary(min_size=1, max_size=4))
def test_nothing_inserted_is_verified(at: int, more: bytes) -> None:
    assert verdict_of(honest()[:at] + more + honest()[at:]) != "verified"


@settings(max_examples=200)
@given(st.integers(0, len(honest()) - 1), st.integers(1, 5000))
def test_nothing_cut_out_is_verified(at: int, length: int) -> None:
    assert verdict_of(honest()[:at] + honest()[at + length :]) != "verified"


# Structure: the same bundle as a tree, changed in one place and spelled canonically again.


def tree() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(honest())
    return parsed


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Return the place of every member and element, at any depth."""
    steps = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for step in steps:
        yield (*path, step)
        yield from paths(value[step], (*path, step))


PATHS = list(paths(tree()))
LISTS = [path for path in PATHS if isinstance(path[-1], str) and path[-1] in {"certificates", "plans", "entries"}]


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(path: Path, change: Any) -> bytes:
    """Return the bundle after `change(container, step)` at `path`."""
    whole = tree()
    change(at(whole, path[:-1]), path[-1])
    return encode(whole, limit=LIMIT_BYTES)


def drop(container: Any, step: Any) -> None:
    del container[step]


def double(container: Any, step: Any) -> None:
    container.insert(step, container[step])


def empty(container: Any, step: Any) -> None:
    container[step] = type(container[step])()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_dropped(path: Path) -> None:
    assert verdict_of(changed(path, drop)) != "verified"


@pytest.mark.parametrize("path", [path for path in PATHS if at(tree(), path)])
def test_nothing_can_be_emptied(path: Path) -> None:
    assert verdict_of(changed(path, empty)) != "verified"


@pytest.mark.parametrize("path", [path for path in PATHS if isinstance(path[-1], int)])
def test_nothing_can_be_doubled(path: Path) -> None:
    assert verdict_of(changed(path, double)) != "verified"


@pytest.mark.parametrize("path", LISTS)
def test_no_order_can_be_reversed(path: Path) -> None:
    assert verdict_of(changed(path, lambda container, step: container[step].reverse())) != "verified"


@pytest.mark.parametrize("member", sorted({path[-1] for path in PATHS if isinstance(path[-1], str)}))
def test_no_member_can_be_added(member: str) -> None:
    for path in {path[:-1] for path in PATHS if path[-1] == member}:
        whole = tree()
        at(whole, path)["more"] = ""
        assert verdict_of(encode(whole, limit=LIMIT_BYTES)) != "verified"


@settings(max_examples=300)
@given(st.sampled_from(PATHS), st.sampled_from(PATHS))
def test_no_two_parts_can_be_exchanged(one: Path, other: Path) -> None:
    whole = tree()
    if one[: len(other)] == other or other[: len(one)] == one or at(whole, one) == at(whole, other):
        return
    first, second = at(whole, one), at(whole, other)
    at(whole, one[:-1])[one[-1]], at(whole, other[:-1])[other[-1]] = second, first

    assert verdict_of(encode(whole, limit=LIMIT_BYTES)) != "verified"


# Two bundles of one log at one size: every proof of one is good in the other too.


FIRST, SECOND = two_stories()
MEMBERS = ["statement", "leaf", "plans", "entries"]


def test_both_bundles_of_one_log_are_verified() -> None:
    assert [verdict_of(bundle.encode()) for bundle in (FIRST, SECOND)] == ["verified", "verified"]


@pytest.mark.parametrize("taken", range(1, 2 ** len(MEMBERS) - 1))
def test_two_bundles_cannot_be_mixed(taken: int) -> None:
    chosen = [member for number, member in enumerate(MEMBERS) if taken >> number & 1]
    mixed = replace(FIRST, **{member: getattr(SECOND, member) for member in chosen})

    assert verdict_of(mixed.encode()) != "verified"


def test_no_plan_of_another_publication_takes_a_place() -> None:
    assert verdict_of(replace(FIRST, plans=(FIRST.plans[0], SECOND.plans[1])).encode()) != "verified"
    assert verdict_of(replace(FIRST, plans=(SECOND.plans[0], FIRST.plans[1])).encode()) != "verified"


@pytest.mark.parametrize("number", range(len(SECOND.entries)))
def test_no_entry_of_another_publication_can_be_added(number: int) -> None:
    entries = {base64.b64encode(each.entry): each for each in (*FIRST.entries, SECOND.entries[number])}
    ordered = sorted(entries.values(), key=lambda each: int(json.loads(each.entry)["seq"]))

    assert verdict_of(replace(FIRST, entries=tuple(ordered)).encode()) == (
        "verified" if len(ordered) == len(FIRST.entries) else "BUNDLE_MALFORMED"
    )


@pytest.mark.parametrize("member", ["checkpoint", "revocations", "entries"])
def test_no_part_of_the_same_bundle_at_another_size_takes_a_place(member: str) -> None:
    later = replace(story(), noise=6).bundle()
    now = story().bundle()

    assert verdict_of(replace(now, **{member: getattr(later, member)}).encode()) in {
        "PROOF_INVALID",
        "REVOCATION_STALE",
    }
