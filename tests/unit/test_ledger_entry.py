"""Entries: the one spelling that is hashed, and the reader that takes nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from placet.domain.encoding.canonical import Object
from placet.domain.log import entry
from placet.domain.log.change import EntityKey
from placet.domain.log.entry import Entry, parse_entry, parse_genesis
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.ledgers import LOG_KEY, ORIGIN, START

TIME = "2026-01-02T03:04:05.000Z"
DIGEST = sha256(b"x")


def body(**members: Any) -> Object:
    whole: Object = {
        "actor": "person:alice",
        "data": {"n": 1},
        "id": "evt_20260102030405_abc123",
        "once": ["event/evt_20260102030405_abc123"],
        "state": [["thing/1", DIGEST], ["thing/2", ""]],
        "subject": "npm:@acme/x",
        "type": "thing.written",
    }
    return {name: value for name, value in {**whole, **members}.items() if value is not None}


def entry_bytes(**members: Any) -> bytes:
    return entry.splice(entry.encode_body(body(**members)), prev=bytes(range(32)), seq=7, time=TIME)


def code_of(content: bytes) -> str:
    try:
        parse_entry(content)
    except InvalidInputError as error:
        return error.code
    return "accepted"


def test_an_entry_is_spelled_as_the_protocol_says() -> None:
    assert entry.splice(b"{}", prev=bytes(32), seq=7, time=TIME) == (
        b'{"body":{},"prev":"' + b"0" * 64 + b'","seq":7,"time":"2026-01-02T03:04:05.000Z","v":1}'
    )


def test_an_entry_reads_back() -> None:
    parsed = parse_entry(entry_bytes())
    assert isinstance(parsed, Entry)
    assert (parsed.seq, parsed.time, parsed.prev) == (7, START, bytes(range(32)))
    assert parsed.body.state == ((EntityKey("thing/1"), DIGEST), (EntityKey("thing/2"), ""))
    assert (parsed.body.entry_id, parsed.body.type) == ("evt_20260102030405_abc123", "thing.written")
    assert (parsed.body.actor, parsed.body.subject) == ("person:alice", "npm:@acme/x")
    assert (parsed.body.data, parsed.body.once) == ({"n": 1}, ("event/evt_20260102030405_abc123",))


def test_detached_data_and_state_read_as_digests() -> None:
    parsed = parse_entry(entry_bytes(data={"detached": DIGEST}, state={"detached": DIGEST}))
    assert (parsed.body.data, parsed.body.state) == (DIGEST, DIGEST)


@pytest.mark.parametrize(
    "members",
    [
        {"actor": None},
        {"actor": ""},
        {"actor": "with space"},
        {"more": 1},
        {"data": "text"},
        {"data": {"detached": "sha256:short"}},
        {"data": {"detached": DIGEST, "more": 1}},
        {"id": "UPPER"},
        {"once": ["b", "a"]},
        {"once": ["a", "a"]},
        {"once": [""]},
        {"once": "a"},
        {"state": None},
        {"state": "text"},
        {"state": [["thing/2", ""], ["thing/1", ""]]},
        {"state": [["thing/1", ""], ["thing/1", ""]]},
        {"state": [["thing/1", "sha256:short"]]},
        {"state": [["", ""]]},
        {"state": [["thing/1"]]},
        {"state": [["thing/1", 1]]},
        {"state": {"detached": "sha256:short"}},
        {"state": {"other": DIGEST}},
        {"subject": 1},
        {"type": "Upper.case"},
        {"type": "a..b"},
    ],
)
def test_a_body_outside_its_schema_is_refused(members: dict[str, Any]) -> None:
    assert code_of(entry_bytes(**members)) == "ENTRY_MALFORMED"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"seq":7', b'"seq":true'),
        (b'"prev":"00', b'"prev":"0A'),
        (b'"prev":"00', b'"prev":"'),
        (TIME.encode(), b"2026-13-02T03:04:05.000Z"),
        (b',"v":1', b',"v":1,"w":1'),
        (b'"body":{', b'"body":{"b":1,'),
    ],
)
def test_an_envelope_outside_its_schema_is_refused(old: bytes, new: bytes) -> None:
    assert code_of(entry_bytes().replace(old, new)) in ("ENTRY_MALFORMED", "JSON_NOT_CANONICAL")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b" " + entry_bytes(), entry_bytes() + b"\n", b"\xff"])
def test_other_bytes_are_no_entry(content: bytes) -> None:
    assert code_of(content).startswith("JSON_")


def test_no_flipped_bit_leaves_the_same_entry() -> None:
    content = entry_bytes()
    original = parse_entry(content)
    for at in range(len(content)):
        for bit in range(8):
            flipped = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
            assert code_of(flipped) != "accepted" or parse_entry(flipped) != original


def test_the_longest_body_makes_an_entry_of_65535_bytes_at_most() -> None:
    room = entry.BODY_LIMIT_BYTES - len(entry.encode_body(body(subject="")))
    longest = entry.encode_body(body(subject="x" * room))
    content = entry.splice(longest, prev=bytes(32), seq=2**53 - 1, time=TIME)
    assert len(content) == 65_535
    assert parse_entry(content).seq == 2**53 - 1
    with pytest.raises(InvalidInputError) as refused:
        entry.encode_body(body(subject="x" * (room + 1)))
    assert refused.value.code == "JSON_INVALID"


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


def test_a_body_that_would_nest_its_entry_too_deep_is_refused_before_it_is_written() -> None:
    assert code_of(entry_bytes(data=nested(6))) == "accepted"
    with pytest.raises(InvalidInputError):
        entry.encode_body(body(data=nested(7)))


def test_the_first_entry_names_origin_and_key() -> None:
    content = entry.genesis(origin=ORIGIN, vkey=LOG_KEY.vkey(), time=START)
    assert parse_genesis(content) == (ORIGIN, LOG_KEY.vkey())
    assert json.loads(content)["prev"] == "0" * 64
    assert json.loads(content)["body"]["data"]["predecessor"] == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":0', b'"seq":1'),
        (b'"type":"ledger.opened"', b'"type":"ledger.other"'),
        (b'"prev":"0', b'"prev":"1'),
        (b'"predecessor":""', b'"predecessor":"x"'),
        (b'"predecessor":""', b'"predecessor":"","surplus":1'),
    ],
)
def test_nothing_else_opens_a_log(old: bytes, new: bytes) -> None:
    content = entry.genesis(origin=ORIGIN, vkey=LOG_KEY.vkey(), time=START).replace(old, new)
    with pytest.raises(InvalidInputError) as refused:
        parse_genesis(content)
    assert refused.value.code == "ENTRY_MALFORMED"


def test_a_first_entry_with_detached_data_opens_no_log() -> None:
    data = entry_bytes(data={"detached": DIGEST}, type="ledger.opened")
    content = data.replace(b'"seq":7', b'"seq":0').replace(bytes(range(32)).hex().encode(), b"0" * 64)
    with pytest.raises(InvalidInputError) as refused:
        parse_genesis(content)
    assert refused.value.code == "ENTRY_MALFORMED"


def test_detached_documents_read_back() -> None:
    assert entry.read_detached_data(entry.encode_data({"a": [1]})) == {"a": [1]}
    pairs = [("thing/1", DIGEST), ("thing/2", "")]
    assert entry.read_detached_state(entry.encode_state(pairs)) == tuple(pairs)


@pytest.mark.parametrize(
    "document", [b"{}", b'{"data":1}', b'{"data":{},"x":1}', b'{"state":[["b",""],["a",""]]}', b'{"state":[],"x":1}']
)
def test_other_detached_documents_are_refused(document: bytes) -> None:
    for read in (entry.read_detached_data, entry.read_detached_state):
        with pytest.raises(InvalidInputError) as refused:
            read(document)
        assert refused.value.code == "ENTRY_MALFORMED"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain text, 100 %", "plain text, 100 %"),
        ("two\r\nlines", r"two\u{d}\u{a}lines"),
        ("\x1b[31mred", r"\u{1b}[31mred"),
        (r"a\b", r"a\\b"),
        ("caf\u00e9 \u202e \U0001f600", r"caf\u{e9} \u{202e} \u{1f600}"),
        ("\ud800", r"\u{d800}"),
        ("\x7f", r"\u{7f}"),
        (r"\u{a}", r"\\u{a}"),
    ],
)
def test_free_text_is_escaped_into_printable_ascii(text: str, written: str) -> None:
    assert entry.escape(text) == written
