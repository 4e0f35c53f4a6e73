"""A33: whatever is changed after the approval, down to one leaf of the parameters, voids the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from placet.domain.authorization.checks import _spelled_alike
from placet.domain.authorization.operation import Artifact, Precondition
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import encode
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.forging import forged
from support.intents import ARCHIVE, a_publication
from support.world import World

PARAMS: dict[str, Any] = {
    "title": "Release 1.0.0",
    "body_digest": "sha256:" + "a1" * 32,
    "target_commitish": "0" * 40,
    "draft": False,
    "attempts": 1,
    "dist_tag": "latest",
    "access": "public",
    "labels": ["one", "two"],
    "options": {"deep": {"deeper": [{"flag": True}, 7]}},
}
LEAVES: list[tuple[list[str | int], Any]] = [
    (["title"], "Release 1.0.1"),
    (["title"], "Release 1.0.0 "),
    (["body_digest"], "sha256:" + "a2" * 32),
    (["target_commitish"], "1" * 40),
    (["draft"], True),
    (["draft"], 0),
    (["draft"], ""),
    (["attempts"], 2),
    (["attempts"], True),
    (["attempts"], 1.0),
    (["attempts"], "1"),
    (["dist_tag"], "next"),
    (["access"], "restricted"),
    (["access"], None),
    (["labels"], ["two", "one"]),
    (["labels"], ["one"]),
    (["labels", 1], "three"),
    (["options", "deep", "deeper", 0, "flag"], 1),
    (["options", "deep", "deeper", 1], 8),
    (["options", "deep"], {}),
    (["more"], ""),
    (["Title"], "Release 1.0.0"),
]
scalars = st.booleans() | st.integers(0, 5) | st.sampled_from(["", "0", "1", "true", "x"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def changed(params: Mapping[str, Any], path: list[str | int], value: object) -> dict[str, Any]:
    """Return a deep copy of `params` with another value at `path`."""
    copy: dict[str, Any] = deepcopy(dict(params))
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


@cache
def granted() -> tuple[World, Plan, str]:
    """Return an installation with an approved plan of these parameters, for tests that only knock."""
    world = World()
    plan, token = world.ready(a_publication(params=PARAMS))
    return world, plan, token


@pytest.mark.parametrize(("path", "value"), LEAVES, ids=str)
def test_every_leaf_of_the_parameters_counts(path: list[str | int], value: object) -> None:
    world, plan, token = granted()
    operation = replace(plan.operations[0], params=changed(PARAMS, path, value))

    with world.refusing("PARAMS_MISMATCH", alert=True):
        world.present(plan, token, operation=operation)


@pytest.mark.parametrize("name", PARAMS)
def test_no_parameter_may_be_missing(name: str) -> None:
    world, plan, token = granted()
    fewer = {key: value for key, value in PARAMS.items() if key != name}

    with world.refusing("PARAMS_MISMATCH"):
        world.present(plan, token, operation=replace(plan.operations[0], params=fewer))


@given(objects, objects)
def test_parameters_are_alike_exactly_when_their_canonical_bytes_are(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert _spelled_alike(one, other) is (encode(one) == encode(other))
    assert _spelled_alike(one, one)


@pytest.mark.parametrize("outside", [1.0, None, float("nan"), "caf\u00e9", -1, 2**60, b"x", (), object()])
def test_what_no_plan_can_hold_is_like_nothing(outside: Any) -> None:
    with pytest.raises(InvalidInputError):
        encode({"a": outside})

    assert not _spelled_alike({"a": 1}, {"a": outside})


OTHER = b"other bytes of the same length!!"


@pytest.mark.parametrize(
    "contents",
    [
        {"tool-1.0.0.tgz": OTHER},
        {"tool-1.0.0.tgz": ARCHIVE + b"\0"},
        {"tool-1.0.0.tgz": ARCHIVE[:-1]},
        {"tool-1.0.0.tgz": b""},
        {},
        {"tool-1.0.1.tgz": ARCHIVE},
        {"tool-1.0.0.tgz": ARCHIVE, "more": b"unmeasured"},
        {"tool-1.0.0.tgz": bytes([ARCHIVE[0] ^ 1]) + ARCHIVE[1:]},
    ],
    ids=["other", "longer", "shorter", "empty", "none", "misnamed", "more", "one bit"],
)
def test_other_bytes_than_the_approved_ones_are_not_sent(contents: dict[str, bytes]) -> None:
    world, plan, token = granted()

    with world.refusing("ARTIFACT_MISMATCH", alert=True):
        world.present(plan, token, contents=contents)


@pytest.mark.parametrize("field", ["name", "sha256", "sha512", "size"])
def test_an_artifact_described_otherwise_is_another(field: str) -> None:
    world, plan, token = granted()
    (artifact,) = plan.operations[0].artifacts
    other: dict[str, Any] = {"name": "x.tgz", "sha256": "0" * 64, "sha512": "0" * 128, "size": 1}
    described = replace(artifact, **{field: other[field]})

    with world.refusing("ARTIFACT_MISMATCH"):
        world.present(plan, token, operation=replace(plan.operations[0], artifacts=(described,)))


def test_other_bytes_that_are_described_truly_are_still_not_the_approved_ones() -> None:
    world, plan, token = granted()
    described = Artifact(name="tool-1.0.0.tgz", sha256=sha256(OTHER)[7:], sha512="0" * 128, size=len(OTHER))

    with world.refusing("ARTIFACT_MISMATCH"):
        world.present(
            plan,
            token,
            operation=replace(plan.operations[0], artifacts=(described,)),
            contents={"tool-1.0.0.tgz": OTHER},
        )


@pytest.mark.parametrize(
    "preconditions",
    [
        (),
        (Precondition(fact="version", expected="1.0.0"),),
        (Precondition(fact="dist_tag:latest", expected="absent"),),
        (Precondition(fact="version", expected="absent"),) * 2,
    ],
)
def test_preconditions_changed_after_approval_are_another_plan(preconditions: tuple[Precondition, ...]) -> None:
    world, plan, token = granted()

    with world.refusing("PLAN_MISMATCH", alert=True):
        world.present(plan, token, operation=replace(plan.operations[0], preconditions=preconditions))


def test_an_operation_digest_of_something_else_is_refused_last() -> None:
    world, plan, token = granted()

    with world.refusing("PLAN_MISMATCH"):
        world.present(plan, forged(world, token, operation_digest="sha256:" + "0" * 64))


def test_a_buffer_that_changes_after_it_was_measured_is_not_sent() -> None:
    world = World()
    plan, token = world.ready()
    buffer = bytearray(ARCHIVE)
    world.meanwhile(lambda: buffer.__setitem__(0, buffer[0] ^ 1))

    world.present(plan, token, contents={"tool-1.0.0.tgz": buffer})  # type: ignore[dict-item]  # as careless code would

    assert world.double.sent[0].contents == {"tool-1.0.0.tgz": ARCHIVE}
