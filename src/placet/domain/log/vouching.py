"""Verifying that entries and tables vouch for each other: state, index, once keys, detached data (protocol 7).

Runs over a stretch of entries whose bytes and chain are verified, and counts what it vouched for:
where every entry finds its rows and the numbers agree, no row is left that no entry wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from placet.domain.log.change import Entity, EntityKey
from placet.domain.log.compose import index_rows
from placet.domain.log.entry import (
    GENESIS_ID,
    Entry,
    State,
    parse_entry,
    read_detached_data,
    read_detached_state,
)
from placet.domain.log.rows import EntryRow, Layer, LogRows, contradict
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError


@dataclass(slots=True)
class Vouched:
    """What the entries of a stretch vouch for. `gone` maps keys without a row to their last write."""

    entities: int = 0
    index: int = 0
    once: int = 0
    detached: set[Digest] = field(default_factory=set)
    gone: dict[EntityKey, tuple[int, str]] = field(default_factory=dict)

    def add(self, later: Vouched) -> None:
        """Take in what the following stretch vouches for."""
        self.entities += later.entities
        self.index += later.index
        self.once += later.once
        self.detached |= later.detached
        self.gone |= later.gone


def vouch(entries: Sequence[EntryRow], rows: LogRows, vouched: Vouched) -> None:
    """Check what `entries` say against the tables, and add it to `vouched`.

    Raise `Contradiction` at the first entry that is not canonical, or whose state, index rows,
    once keys or detached data are not what the tables hold.
    """
    parsed = [_parse(seq, content) for seq, _, content in entries]
    documents = rows.detached(_references(parsed))
    states = [_state_of(entry, documents) for entry in parsed]
    used = rows.once([key for entry in parsed for key in entry.body.once])
    stored = rows.entities(list({key for state in states for key, _ in state}))
    for entry, state in zip(parsed, states, strict=True):
        _vouch_once(entry, used)
        for key, digest in state:
            _vouch_entity((entry.seq, key, digest), stored.get(key), vouched)
    vouched.once += sum(len(entry.body.once) for entry in parsed)
    vouched.detached |= documents.keys()
    first, last = parsed[0].seq, parsed[-1].seq
    newest = {key: entity for key, entity in stored.items() if first <= entity.revision <= last}
    _vouch_index(newest, rows, vouched)


def _parse(seq: int, content: bytes) -> Entry:
    try:
        entry = parse_entry(content)
    except InvalidInputError as error:
        contradict(Layer.ENTRY, seq, f"entry {seq} is not canonical: {error.message}")
    own = [f"event/{entry.body.entry_id}"] if entry.body.entry_id != GENESIS_ID else []
    if not set(own) <= set(entry.body.once):
        contradict(Layer.ENTRY, seq, f"entry {seq} does not use its own id")
    return entry


def _references(parsed: Sequence[Entry]) -> list[Digest]:
    members = [member for entry in parsed for member in (entry.body.data, entry.body.state)]
    return list({member for member in members if isinstance(member, str)})


def _state_of(entry: Entry, documents: Mapping[Digest, bytes]) -> State:
    data, state = entry.body.data, entry.body.state
    try:
        if isinstance(data, str):
            read_detached_data(_document(entry.seq, data, documents))
        return read_detached_state(_document(entry.seq, state, documents)) if isinstance(state, str) else state
    except InvalidInputError as error:
        contradict(Layer.DETACHED, entry.seq, f"what entry {entry.seq} detached is malformed: {error.message}")


def _document(seq: int, digest: Digest, documents: Mapping[Digest, bytes]) -> bytes:
    content = documents.get(digest, b"")
    if sha256(content) != digest:
        contradict(Layer.DETACHED, seq, f"what entry {seq} detached is missing or has another digest")
    return content


def _vouch_once(entry: Entry, used: Mapping[str, int]) -> None:
    for key in entry.body.once:
        if used.get(key) != entry.seq:
            contradict(Layer.ONCE, entry.seq, f"the once key {key} of entry {entry.seq} is missing or another's")


def _vouch_entity(place: tuple[int, EntityKey, str], entity: Entity | None, vouched: Vouched) -> None:
    seq, key, digest = place
    if entity is None:
        vouched.gone[key] = (seq, digest)
    elif entity.revision == seq:
        if sha256(entity.content) != digest:
            contradict(Layer.STATE, seq, f"{key} is not as entry {seq} left it")
        vouched.entities += 1
    elif entity.revision < seq:
        contradict(Layer.STATE, seq, f"{key} is older than entry {seq}, which wrote it")


def _vouch_index(newest: Mapping[EntityKey, Entity], rows: LogRows, vouched: Vouched) -> None:
    expected = {row: entity.revision for key, entity in newest.items() for row in index_rows(key, entity.content)}
    vouched.index += len(expected)
    if rows.indexed(expected.keys()) == len(expected):
        return
    lost = ((seq, row.key, row.index) for row, seq in expected.items() if rows.indexed([row]) == 0)
    seq, key, index = min(lost)
    contradict(Layer.INDEX, seq, f"{key} is not found in the index {index} where entry {seq} put it")
