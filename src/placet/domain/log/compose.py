"""Composing a change: from what a decision wants to write to the bytes that commit (protocol 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, field

from placet.domain.encoding.canonical import Object, encode
from placet.domain.encoding.record import matches
from placet.domain.log import entry
from placet.domain.log.change import Change, Count, EntityKey, IndexRow, Snapshot
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError

ENTITY_LIMIT_BYTES = 2**20
SALT_BYTES = 16
_INVALID = "CHANGE_INVALID"
_INDEX_NAME = r"[a-z][a-z0-9_]*"


_Pair = tuple[str, str]
"""The name of an index, and a value in it."""


class _Indexed(Struct):
    """What of an entity says where it is found."""

    index: list[_Pair]


_INDEXED = msgspec.json.Decoder(_Indexed)


class Draft(Struct, frozen=True, kw_only=True):
    """What a decision wants to commit, before it has bytes.

    `entry_id` looks like `evt_20251113120000_abc123` and is used once. `subject` is free text and
    is escaped. `writes` maps keys of the snapshot to whole objects (with their `index`, without
    `salt`), None to delete. `data` holds ids and digests only; personal and free-form data goes
    to `erasable` (salt and content by their digest), named by `data`.
    """

    entry_id: str
    type: str
    actor: str
    subject: str
    data: Object = field(default_factory=dict)
    writes: Mapping[EntityKey, Object | None] = field(default_factory=dict)
    once: tuple[str, ...] = ()
    counters: Mapping[str, Count] = field(default_factory=dict)
    valid_until: datetime | None = None
    erasable: Mapping[Digest, bytes] = field(default_factory=dict)


def compose(draft: Draft, snapshot: Snapshot, salt: bytes) -> Change:
    """Return the change that commits `draft`, resting on every entity of `snapshot`.

    `salt` is at least 16 unpredictable bytes, fresh for each change: every written entity gets a
    `salt` member derived from it, so that digests in the ledger reveal nothing. The once key
    `event/<entry_id>` is added. Pure: the same arguments give the same change. Raise
    `InvalidInputError` (`CHANGE_INVALID`, `JSON_INVALID`) for a draft that cannot be recorded.
    """
    _check_names(draft, snapshot, salt)
    writes = {key: _entity_bytes(key, value, salt) for key, value in draft.writes.items()}
    state = [(key, sha256(content) if content else "") for key, content in sorted(writes.items())]
    once = tuple(sorted({*draft.once, f"event/{draft.entry_id}"}))
    body, detached = _body(draft, state, once)
    out, into = _index_rows(writes, snapshot)
    return Change(
        epoch=snapshot.head.epoch,
        premises={key: entity.revision for key, entity in snapshot.entities.items()},
        writes=writes,
        body=body,
        once=once,
        index_out=tuple(out),
        index_in=tuple(into),
        counters=draft.counters,
        valid_until=draft.valid_until,
        detached=detached,
        erasable=draft.erasable,
    )


def index_rows(key: EntityKey, content: bytes) -> list[IndexRow]:
    """Return the index rows of a stored entity: a pure function of its bytes; none where absent."""
    return [_row(key, pair) for pair in _pairs(key, content)]


def _index_rows(writes: Mapping[EntityKey, bytes], snapshot: Snapshot) -> tuple[list[IndexRow], list[IndexRow]]:
    """Return the index rows that go and those that come: what an entity keeps is neither."""
    out: list[IndexRow] = []
    into: list[IndexRow] = []
    for key, content in writes.items():
        before, after = set(_pairs(key, snapshot.entities[key].content)), set(_pairs(key, content))
        out += [_row(key, pair) for pair in before - after]
        into += [_row(key, pair) for pair in after - before]
    return out, into


def _pairs(key: EntityKey, content: bytes) -> list[_Pair]:
    """Return the index of an entity; nothing else of it is read."""
    if not content:
        return []
    try:
        return _INDEXED.decode(content).index
    except ValueError as error:
        raise InvalidInputError(_INVALID, f"the entity {key} has no index member, or a malformed one") from error


def _row(key: EntityKey, pair: _Pair) -> IndexRow:
    name, value = pair
    if not matches(_INDEX_NAME, name):
        raise InvalidInputError(_INVALID, f"the entity {key} stands in an index that cannot be named so")
    return IndexRow(name, value, key)


def _entity_bytes(key: EntityKey, value: Object | None, salt: bytes) -> bytes:
    if value is None:
        return b""
    own = hashlib.sha256(salt + b"\0" + key.encode()).hexdigest()[: 2 * SALT_BYTES]
    return encode({**value, "salt": own}, limit=ENTITY_LIMIT_BYTES)


def _body(draft: Draft, state: Sequence[tuple[str, str]], once: tuple[str, ...]) -> tuple[bytes, dict[Digest, bytes]]:
    """Return the entry's body and what of it had to be detached: nothing where all of it is short."""
    members: Object = {
        "actor": draft.actor,
        "data": draft.data,
        "id": draft.entry_id,
        "once": list(once),
        "state": [list(pair) for pair in state],
        "subject": entry.escape(draft.subject),
        "type": draft.type,
    }
    detached: dict[Digest, bytes] = {}
    body = entry.encode_body(members, limit=ENTITY_LIMIT_BYTES)
    if len(body) > entry.DETACH_ABOVE_BYTES:
        documents = {"data": entry.encode_data(draft.data), "state": entry.encode_state(state)}
        for name, document in documents.items():
            if len(document) > entry.DETACH_ABOVE_BYTES:
                detached[sha256(document)] = document
                members[name] = {"detached": sha256(document)}
        body = entry.encode_body(members)
    return body, detached


def _check_names(draft: Draft, snapshot: Snapshot, salt: bytes) -> None:
    if len(salt) < SALT_BYTES:
        raise InvalidInputError(_INVALID, f"the salt has fewer than {SALT_BYTES} bytes")
    for text, pattern in ((draft.entry_id, entry.ENTRY_ID), (draft.type, entry.ENTRY_TYPE), (draft.actor, entry.ACTOR)):
        if not matches(pattern, text):
            raise InvalidInputError(_INVALID, f"{text[:80]!r} cannot stand in an entry")
    for key in (*draft.writes, *draft.once):
        if not matches(entry.KEY, key):
            raise InvalidInputError(_INVALID, f"{key[:80]!r} is no key")
    missing = [key for key in draft.writes if key not in snapshot.entities]
    if missing:
        raise InvalidInputError(_INVALID, f"{missing[0]} is written but was not loaded")
    if "detached" in draft.data:
        raise InvalidInputError(_INVALID, "data may not have a member named detached")
    for digest, content in draft.erasable.items():
        if sha256(content) != digest:
            raise InvalidInputError(_INVALID, "erasable bytes stand under a digest that is not theirs")
