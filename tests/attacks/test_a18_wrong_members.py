"""A18: a receipt with a member too many, too few or of another type is refused under a valid MAC."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.checks import _form_is_strict
from placet.domain.authorization.receipt import compact
from placet.errors import DeniedError
from support.forging import members_of, payload_of, sealed
from support.world import World

MEMBERS = (
    "v typ receipt_id issuer audience key_id mode enforceable reasons run_id operation_id attempt operation_kind "
    "subject operation_digest plan_digest policy_digest policy_version approvals_digest approvers certificate_id "
    "decided_at_size issued_at not_before expires_at max_age_seconds nonce"
).split()
OF_SUBJECT = ("provider", "name", "version", "tag")
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "negative": -1,
    "too large": 2**53,
    "float": 1.0,
    "exponent": 1e3,
    "empty": "",
    "text": "x",
    "number as text": "1",
    "list": [],
    "list of texts": ["x"],
    "list of numbers": [1],
    "nested list": [["x"]],
    "object": {},
    "object with a member": {"a": "b"},
}
FITTING = {
    ("v", "one"),
    ("enforceable", "true"),
    ("enforceable", "false"),
    ("reasons", "list"),
    ("reasons", "list of texts"),
    ("approvers", "list"),
    ("approvers", "list of texts"),
    ("attempt", "one"),
    ("decided_at_size", "zero"),
    ("decided_at_size", "one"),
    ("max_age_seconds", "zero"),
    ("max_age_seconds", "one"),
    ("policy_version", "empty"),
    ("policy_version", "text"),
    ("policy_version", "number as text"),
    ("certificate_id", "empty"),
    ("certificate_id", "text"),
    ("certificate_id", "number as text"),
    ("issuer", "text"),
    ("issuer", "number as text"),
    ("audience", "text"),
    ("audience", "number as text"),
    ("key_id", "text"),
    ("key_id", "number as text"),
}
"""Pairs that are well-formed: whether they are true, later checks tell."""


@cache
def the_members() -> dict[str, Any]:
    return dict(members_of(World().ready()[1]))


def told(members: dict[str, Any]) -> str:
    """Return the code with which check 2a refuses these members; empty where they are well-formed."""
    payload = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    try:
        _form_is_strict(compact(payload, b""))
    except DeniedError as denied:
        return denied.code
    return ""


def test_the_members_of_a_receipt_are_those_of_the_protocol() -> None:
    assert sorted(the_members()) == sorted(MEMBERS)
    assert told(the_members()) == ""


@pytest.mark.parametrize("member", MEMBERS)
def test_no_member_may_be_missing(member: str) -> None:
    members = dict(the_members())
    del members[member]

    assert told(members) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_has_its_type(member: str, value: str) -> None:
    answer = told({**the_members(), member: VALUES[value]})

    expected = "" if (member, value) in FITTING else "RECEIPT_MALFORMED"
    if member == "v" and value == "zero":
        expected = "RECEIPT_VERSION_UNSUPPORTED"
    assert answer == expected


@given(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(lambda name: name not in MEMBERS))
def test_no_unknown_member_is_let_through(name: str) -> None:
    assert told({**the_members(), name: "x"}) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("member", OF_SUBJECT)
def test_the_subject_is_read_as_strictly(member: str) -> None:
    subject = the_members()["subject"]

    assert told({**the_members(), "subject": {**subject, "more": ""}}) == "RECEIPT_MALFORMED"
    assert told({**the_members(), "subject": {key: subject[key] for key in subject if key != member}}) == (
        "RECEIPT_MALFORMED"
    )
    assert told({**the_members(), "subject": {**subject, member: 1}}) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("version", [0, 2, 3, 2**53 - 1])
def test_another_version_is_said_to_be_one(version: int) -> None:
    world = World()
    plan, token = world.ready()
    payload = json.dumps({**members_of(token), "v": version}, sort_keys=True, separators=(",", ":")).encode()

    with world.refusing("RECEIPT_VERSION_UNSUPPORTED"):
        world.present(plan, sealed(world, payload))


LIBERTIES: dict[str, Callable[[bytes], bytes]] = {
    "space": lambda payload: payload.replace(b":", b": ", 1),
    "new line": lambda payload: payload + b"\n",
    "order": lambda payload: json.dumps(
        dict(reversed(list(json.loads(payload).items()))), separators=(",", ":")
    ).encode(),
    "escape": lambda payload: payload.replace(b'"prod"', b'"pro\\u0064"'),
    "slash": lambda payload: payload.replace(b"@acme/", b"@acme\\/"),
    "minus zero": lambda payload: payload.replace(b'"attempt":1', b'"attempt":-0'),
}


@pytest.mark.parametrize("liberty", LIBERTIES)
def test_a_receipt_has_one_spelling(liberty: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_NOT_CANONICAL"):
        world.present(plan, sealed(world, LIBERTIES[liberty](payload_of(token))))


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "member twice": lambda payload: payload[:-1] + b',"mode":"prod"}',
    "first of two": lambda payload: b'{"mode":"dry_run",' + payload[1:],
    "leading zeros": lambda payload: payload.replace(b'"attempt":1', b'"attempt":01'),
    "float": lambda payload: payload.replace(b'"attempt":1', b'"attempt":1.0'),
    "exponent": lambda payload: payload.replace(b'"attempt":1', b'"attempt":1e0'),
    "not a number": lambda payload: payload.replace(b'"attempt":1', b'"attempt":NaN'),
    "huge": lambda payload: payload.replace(b'"attempt":1', b'"attempt":1' + b"0" * 5000),
    "comment": lambda payload: payload + b"//",
    "two objects": lambda payload: payload + payload,
    "array": lambda payload: b"[" + payload + b"]",
    "deep": lambda payload: b'{"a":' * 1000 + payload + b"}" * 1000,
    "cut": lambda payload: payload[:-1],
    "nothing": lambda _: b"",
    "text": lambda _: b'"receipt"',
}


@pytest.mark.parametrize("breaking", BROKEN)
def test_what_is_no_receipt_at_all_is_malformed(breaking: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_MALFORMED") as refused:
        world.present(plan, sealed(world, BROKEN[breaking](payload_of(token))))

    assert refused.sentence == "the receipt is not well-formed"


@pytest.mark.parametrize(
    "changed",
    [
        {"expires_at": "2026-03-06T05:06:07.891Z"},
        {"not_before": "2026-03-05T00:00:00.000Z"},
        {"not_before": "2026-03-04T05:06:07.889Z"},
        {"expires_at": "2026-03-04T05:06:07.889Z"},
    ],
)
def test_times_that_no_receipt_can_have_are_malformed(changed: dict[str, str]) -> None:
    assert told({**the_members(), **changed}) == "RECEIPT_MALFORMED"


def test_the_longest_lifetime_is_a_day() -> None:
    assert told({**the_members(), "expires_at": "2026-03-05T05:06:07.890Z"}) == ""
