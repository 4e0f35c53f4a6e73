"""Entries: the ledger's bytes, their one spelling and their strict reader (protocol 7).

`{"body":…,"prev":"<hex leaf hash of the previous entry>","seq":N,"time":"…","v":1}`, at most
65 535 bytes. The body is canonical and is spliced in as it was composed, so that the sequencer
never encodes anything again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from placet.domain.encoding.canonical import ENTRY_LIMIT_BYTES, Object, Value, decode, encode
from placet.domain.encoding.record import Record, matches
from placet.domain.log.change import EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError

MALFORMED = "ENTRY_MALFORMED"
NO_LEAF = bytes(32)
"""`prev` of entry 0: 64 zeros in hex."""
GENESIS_ID = "genesis"
GENESIS_TYPE = "ledger.opened"
DETACH_ABOVE_BYTES = 4096
"""`data` or `state` longer than this is detached by digest."""
DETACHED_LIMIT_BYTES = 2**20

ENTRY_ID = r"[a-z0-9][a-z0-9_]{0,63}"
ENTRY_TYPE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"
ACTOR = r"[!#-;=?-\[\]-~]{1,256}"
"""A principal: printable ASCII without space, quote, angle bracket and backslash."""
KEY = r"[ -~]{1,512}"
_HASH = r"[0-9a-f]{64}"
_DIGEST_OR_NONE = r"(sha256:[0-9a-f]{64})?"
_UNPRINTABLE = re.compile(r"[^ -\[\]-~]")
_ENVELOPE_BYTES = len(f'{{"body":,"prev":"{"0" * 64}","seq":{2**53},"time":"2026-01-02T03:04:05.678Z","v":1}}')

State = tuple[tuple[EntityKey, str], ...]
"""Entity keys in order, each with the digest of its bytes, empty where it was deleted."""
BODY_LIMIT_BYTES = ENTRY_LIMIT_BYTES - _ENVELOPE_BYTES


class Body(Struct, frozen=True, kw_only=True):
    """What an entry says: who did what to what, and the digests of the state it left.

    `data` and `state` are digests where they are detached. An empty digest in `state` says that
    the entity was deleted.
    """

    entry_id: str
    type: str
    actor: str
    subject: str
    data: Object | Digest
    state: State | Digest
    once: tuple[str, ...]


class Entry(Struct, frozen=True, kw_only=True):
    """One parsed entry of the ledger."""

    seq: int
    time: datetime
    prev: bytes
    body: Body


def splice(body: bytes, *, prev: bytes, seq: int, time: str) -> bytes:
    """Return the entry's bytes around a canonical `body`; `time` is written as given."""
    return b'{"body":%b,"prev":"%b","seq":%d,"time":"%b","v":1}' % (body, prev.hex().encode(), seq, time.encode())


def encode_body(body: Object, *, limit: int = BODY_LIMIT_BYTES) -> bytes:
    """Return the canonical bytes of a body, fit to be spliced into an entry.

    Raise `InvalidInputError` (`JSON_INVALID`) where the entry would leave the canonical profile
    or 65 535 bytes; `limit` is larger for a body that is yet to be shortened.
    """
    wrapped = encode({"body": body}, limit=limit + len('{"body":}'))
    return wrapped[len('{"body":') : -1]


def encode_data(data: Object) -> bytes:
    """Return the document under whose digest `data` is detached."""
    return encode({"data": data}, limit=DETACHED_LIMIT_BYTES)


def encode_state(state: Sequence[tuple[str, str]]) -> bytes:
    """Return the document under whose digest `state` is detached."""
    pairs: list[Value] = [list(pair) for pair in state]
    return encode({"state": pairs}, limit=DETACHED_LIMIT_BYTES)


def parse_entry(content: bytes) -> Entry:
    """Return the entry that `content` spells canonically.

    Raise `InvalidInputError` (`ENTRY_MALFORMED`, `JSON_INVALID`, `JSON_NOT_CANONICAL`).
    """
    record = Record(decode(content, limit=ENTRY_LIMIT_BYTES), what="entry", code=MALFORMED)
    record.constant("v", 1)
    entry = Entry(
        seq=record.integer("seq"),
        time=record.instant("time"),
        prev=bytes.fromhex(record.text("prev", _HASH)),
        body=_read_body(record.object("body")),
    )
    record.end()
    return entry


def genesis(*, origin: str, vkey: str, time: datetime) -> bytes:
    """Return entry 0 of a new log: it writes nothing and names origin, checkpoint key, predecessor."""
    body = encode_body(
        {
            "actor": "system",
            "data": {"checkpoint_key": vkey, "origin": origin, "predecessor": ""},
            "id": GENESIS_ID,
            "once": [],
            "state": [],
            "subject": origin,
            "type": GENESIS_TYPE,
        }
    )
    return splice(body, prev=NO_LEAF, seq=0, time=format_instant(time))


def parse_genesis(content: bytes) -> tuple[str, str]:
    """Return origin and checkpoint key (a verifier key line) of entry 0.

    Raise `InvalidInputError` (`ENTRY_MALFORMED` and those of `parse_entry`) for anything else.
    """
    entry = parse_entry(content)
    if entry.seq != 0 or entry.prev != NO_LEAF or entry.body.type != GENESIS_TYPE or isinstance(entry.body.data, str):
        raise InvalidInputError(MALFORMED, "the entry does not open a log")
    record = Record(entry.body.data, what="first entry", code=MALFORMED)
    origin, vkey = record.text("origin"), record.text("checkpoint_key")
    record.constant("predecessor", "")
    record.end()
    return origin, vkey


def read_detached_data(document: bytes) -> Object:
    """Return the object in a detached `data` document; raise as `parse_entry`."""
    record = Record(decode(document, limit=DETACHED_LIMIT_BYTES), what="detached data", code=MALFORMED)
    data = record.object("data")
    record.end()
    return data


def read_detached_state(document: bytes) -> State:
    """Return the pairs in a detached `state` document; raise as `parse_entry`."""
    return _read_state(decode(document, limit=DETACHED_LIMIT_BYTES))


def escape(text: str) -> str:
    r"""Return `text` in printable ASCII: a backslash doubled, anything outside as `\u{HEX}`.

    So free text (a run's name, a user agent) can neither break a line, nor drive a terminal, nor
    forge a second entry, and two different texts never look the same.
    """
    return _UNPRINTABLE.sub(_escape_character, text)


def _escape_character(found: re.Match[str]) -> str:
    return "\\\\" if found[0] == "\\" else f"\\u{{{ord(found[0]):x}}}"


def _read_body(value: Object) -> Body:
    members = dict(value)
    state = _read_detachable_state(members.pop("state", ""))
    record = Record(members, what="entry", code=MALFORMED)
    body = Body(
        entry_id=record.text("id", ENTRY_ID),
        type=record.text("type", ENTRY_TYPE),
        actor=record.text("actor", ACTOR),
        subject=record.text("subject"),
        data=_read_data(record.object("data")),
        state=state,
        once=record.texts("once", KEY),
    )
    if list(body.once) != sorted(set(body.once)):
        record.refuse("has once keys that are not sorted, or twice the same")
    record.end()
    return body


def _read_data(value: Object) -> Object | Digest:
    return _read_reference(value) if "detached" in value else value


def _read_detachable_state(value: Value) -> State | Digest:
    return _read_reference(value) if isinstance(value, dict) else _read_state({"state": value})


def _read_state(value: Object) -> State:
    record = Record(value, what="entry", code=MALFORMED)
    pairs = record.list_of("state", _read_pair)
    if any(after[0] <= before[0] for before, after in pairwise(pairs)):
        record.refuse("has a state that is not sorted by key")
    record.end()
    return pairs


def _read_reference(value: Object) -> Digest:
    record = Record(value, what="entry", code=MALFORMED)
    digest = record.digest("detached")
    record.end()
    return digest


def _read_pair(value: Value) -> tuple[EntityKey, str]:
    match value:
        case [str(key), str(digest)] if matches(KEY, key) and matches(_DIGEST_OR_NONE, digest):
            return EntityKey(key), digest
        case _:
            raise InvalidInputError(MALFORMED, "the entry has a malformed state")
