"""Composing a change: from what a decision wants to write to the bytes that commit (protocol 7)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from placet.domain.encoding.canonical import Object, Value, encode
from placet.domain.log import entry
from placet.domain.log.change import Change, Count, EntityKey, IndexRow, Snapshot
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError

ENTITY_LIMIT_BYTES = 2**20
SALT_BYTES = 16
_INVALID = "CHANGE_INVALID"
_PAIR = 2
_INDEX_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
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
    old, new = _index_rows(draft, snapshot)
    return Change(
        epoch=snapshot.head.epoch,
        premises={key: entity.revision for key, entity in snapshot.entities.items()},
        writes=writes,
        body=body,
        once=once,
        index_out=tuple(old - new),
        index_in=tuple(new - old),
        counters=draft.counters,
        valid_until=draft.valid_until,
        detached=detached,
        erasable=draft.erasable,
    )


def index_rows(key: EntityKey, content: bytes) -> list[IndexRow]:
    """Return the index rows of a stored entity: a pure function of its bytes; none where absent."""
    return [_row(key, pair) for pair in _pairs(key, json.loads(content))] if content else []


def _index_rows(draft: Draft, snapshot: Snapshot) -> tuple[set[IndexRow], set[IndexRow]]:
    """Return the index rows before and after: none of an entity whose rows stay as they are."""
    old: set[IndexRow] = set()
    new: set[IndexRow] = set()
    for key, value in draft.writes.items():
        content = snapshot.entities[key].content
        before = _pairs(key, json.loads(content) if content else None)
        after = _pairs(key, value)
        if before != after:
            old.update(_row(key, pair) for pair in before)
            new.update(_row(key, pair) for pair in after)
    return old, new


def _pairs(key: EntityKey, value: Object | None) -> list[Value]:
    if value is None:
        return []
    pairs = value.get("index")
    if not isinstance(pairs, list):
        raise InvalidInputError(_INVALID, f"the entity {key} has no index member")
    return pairs


def _row(key: EntityKey, pair: Value) -> IndexRow:
    if isinstance(pair, list) and len(pair) == _PAIR:
        name, value = pair
        if isinstance(name, str) and isinstance(value, str) and _INDEX_NAME.fullmatch(name):
            return IndexRow(name, value, key)
    raise InvalidInputError(_INVALID, f"the entity {key} has a malformed index member")


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
        if re.fullmatch(pattern, text) is None:
            raise InvalidInputError(_INVALID, f"{text[:80]!r} cannot stand in an entry")
    for key in (*draft.writes, *draft.once):
        if re.fullmatch(entry.KEY, key) is None:
            raise InvalidInputError(_INVALID, f"{key[:80]!r} is no key")
    missing = [key for key in draft.writes if key not in snapshot.entities]
    if missing:
        raise InvalidInputError(_INVALID, f"{missing[0]} is written but was not loaded")
    if "detached" in draft.data:
        raise InvalidInputError(_INVALID, "data may not have a member named detached")
    for digest, content in draft.erasable.items():
        if sha256(content) != digest:
            raise InvalidInputError(_INVALID, "erasable bytes stand under a digest that is not theirs")
