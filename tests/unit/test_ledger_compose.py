"""Composing a change: what it rests on, what it writes, and what it refuses to record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from placet.domain.log.change import ABSENT, Change, Entity, Head, IndexRow, Snapshot
from placet.domain.log.compose import Draft, compose, index_rows
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.ledgers import ORIGIN, SALT, START, draft, key, thing

STORED = b'{"index":[["name","a"],["state","open"]],"salt":"00","value":1}'
SNAPSHOT = Snapshot(
    head=Head(size=9, time=START, epoch=ORIGIN),
    entities={key("thing/1"): Entity(revision=4, content=STORED), key("thing/2"): ABSENT, key("thing/3"): ABSENT},
)


def made(*arguments: Any, **members: Any) -> Change:
    return compose(draft(1, *arguments, **members), SNAPSHOT, SALT)


def refused(*arguments: Any, snapshot: Snapshot = SNAPSHOT, salt: bytes = SALT, **members: Any) -> str:
    try:
        compose(draft(1, *arguments, **members), snapshot, salt)
    except InvalidInputError as error:
        return error.code
    return "accepted"


def test_a_change_rests_on_everything_that_was_loaded() -> None:
    assert made().premises == {key("thing/1"): 4, key("thing/2"): 0, key("thing/3"): 0}
    assert made().epoch == ORIGIN


def test_every_entity_gets_a_salt_of_its_own() -> None:
    change = made({key("thing/1"): thing(1), key("thing/2"): thing(1)})
    salts = {json.loads(content)["salt"] for content in change.writes.values()}
    assert len(salts) == 2
    assert all(len(salt) == 32 for salt in salts)
    other = compose(draft(1, {key("thing/1"): thing(1)}), SNAPSHOT, b"another salt of its own")
    assert json.loads(other.writes[key("thing/1")])["salt"] not in salts


def test_the_same_draft_gives_the_same_change() -> None:
    writes = {key("thing/1"): thing(1)}
    assert made(writes) == made(writes)


def test_the_entry_names_what_is_written_and_what_is_deleted_in_order() -> None:
    change = made({key("thing/2"): thing(2), key("thing/1"): None})
    state = json.loads(change.body)["state"]
    assert state == [["thing/1", ""], ["thing/2", sha256(change.writes[key("thing/2")])]]
    assert change.writes[key("thing/1")] == b""


def test_the_entry_names_its_once_keys_and_its_own_id() -> None:
    change = made(once=("effect/2", "effect/1"))
    assert change.once == ("effect/1", "effect/2", "event/evt_20260102030405_000001")
    assert json.loads(change.body)["once"] == list(change.once)


def test_index_rows_are_moved_and_what_stays_is_left_alone() -> None:
    change = made({key("thing/1"): thing(2, ("state", "closed"), ("name", "a"))})
    assert change.index_out == (IndexRow(name="state", value="open", key=key("thing/1")),)
    assert change.index_in == (IndexRow(name="state", value="closed", key=key("thing/1")),)


def test_the_index_rows_of_a_deleted_entity_go() -> None:
    change = made({key("thing/1"): None})
    assert {row.name for row in change.index_out} == {"name", "state"}
    assert change.index_in == ()


def test_index_rows_are_a_function_of_the_stored_bytes() -> None:
    assert index_rows(key("thing/1"), STORED) == [
        IndexRow(name="name", value="a", key=key("thing/1")),
        IndexRow(name="state", value="open", key=key("thing/1")),
    ]
    assert index_rows(key("thing/2"), b"") == []


def test_long_data_is_detached_by_digest() -> None:
    change = made(data={"long": "x" * 5000})
    ((digest, document),) = change.detached.items()
    assert json.loads(change.body)["data"] == {"detached": digest}
    assert (sha256(document), json.loads(document)) == (digest, {"data": {"long": "x" * 5000}})


def test_data_of_4096_bytes_stays() -> None:
    room = 4096 - len('{"data":{"long":""}}')
    assert made(data={"long": "x" * room}).detached == {}
    assert len(made(data={"long": "x" * (room + 1)}).detached) == 1


def test_a_long_state_is_detached_by_digest() -> None:
    keys = [key(f"thing/{number:04}") for number in range(60)]
    snapshot = Snapshot(head=SNAPSHOT.head, entities=dict.fromkeys(keys, ABSENT))
    change = compose(draft(1, {name: thing() for name in keys}), snapshot, SALT)
    ((digest, document),) = change.detached.items()
    assert json.loads(change.body)["state"] == {"detached": digest}
    assert [pair[0] for pair in json.loads(document)["state"]] == keys


def test_the_subject_is_free_text_and_is_escaped() -> None:
    assert json.loads(made(subject="a\nb").body)["subject"] == r"a\u{a}b"


def test_guards_are_passed_on() -> None:
    digest = sha256(b"salt and name")
    change = made(valid_until=START, erasable={digest: b"salt and name"})
    assert (change.valid_until, change.erasable) == (START, {digest: b"salt and name"})


def test_what_is_written_must_have_been_loaded() -> None:
    assert refused({key("thing/9"): thing()}) == "CHANGE_INVALID"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"index": "name"},
        {"index": [["name"]]},
        {"index": [["name", 1]]},
        {"index": [["Name", "a"]]},
        {"index": [["name", "a", "b"]]},
    ],
)
def test_an_entity_says_how_it_is_found(value: Any) -> None:
    assert refused({key("thing/1"): value}) == "CHANGE_INVALID"


@pytest.mark.parametrize(
    "members",
    [
        {"actor": "two words"},
        {"actor": ""},
        {"type": "Thing"},
        {"once": ("",)},
        {"once": ("a\n",)},
        {"once": ("x" * 513,)},
        {"data": {"detached": "sha256:"}},
        {"erasable": {sha256(b"a"): b"b"}},
    ],
)
def test_what_cannot_be_recorded_is_refused(members: dict[str, Any]) -> None:
    assert refused(**members) == "CHANGE_INVALID"


def test_an_entry_id_has_a_grammar() -> None:
    bad = Draft(entry_id="evt 1", type="a", actor="person:alice", subject="")
    with pytest.raises(InvalidInputError) as error:
        compose(bad, SNAPSHOT, SALT)
    assert error.value.code == "CHANGE_INVALID"


@pytest.mark.parametrize("name", ["", "x" * 513, "thing/\n", "thing/\u00e9"])
def test_an_entity_key_is_printable_and_bounded(name: str) -> None:
    snapshot = Snapshot(head=SNAPSHOT.head, entities={key(name): ABSENT})
    assert refused({key(name): thing()}, snapshot=snapshot) == "CHANGE_INVALID"


def test_a_short_salt_is_refused() -> None:
    assert refused(salt=bytes(15)) == "CHANGE_INVALID"


@pytest.mark.parametrize("data", [{"a": 1.5}, {"a": None}, {"a": "\n"}, {"A": 1}])
def test_data_outside_the_canonical_profile_is_refused(data: Any) -> None:
    assert refused(data=data) == "JSON_INVALID"


def test_an_entity_over_a_mebibyte_is_refused() -> None:
    assert refused({key("thing/1"): {"index": [], "long": "x" * 2**20}}) == "JSON_INVALID"
