"""Verifying that entries and tables vouch for each other: state, index, once keys, detached data (protocol 7).

Runs over a stretch of entries whose bytes and chain are verified, and counts what it vouched for:
where every entry finds its rows and the numbers agree, no row is left that no entry wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from placet.domain.log.change import Entity, EntityKey
from placet.domain.log.compose import index_rows
from placet.domain.log.entry import (
    GENESIS_ID,
    MALFORMED,
    Entry,
    State,
    parse_entry,
    read_detached_data,
    read_detached_state,
)
from placet.domain.log.rows import EntryRow, Finding, Layer, LogRows, contradict
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError


class Vouched(Struct):
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


class Said(NamedTuple):
    """What one entry says about the tables: all that is compared with them."""

    seq: int
    once: tuple[str, ...]
    state: State | Digest
    detached: tuple[Digest, ...]


def read_entries(entries: Sequence[EntryRow]) -> tuple[list[Said], Finding | None]:
    """Parse entries strictly, as `parse_entry` does; return what they say, up to the first that is malformed.

    Looks at nothing but the entries, so that other processes may do it.
    """
    said = []
    for seq, _, content in entries:
        try:
            said.append(_read(parse_entry(content)))
        except InvalidInputError as error:
            return said, Finding(Layer.ENTRY, seq, f"entry {seq} is not canonical: {error.message}")
    return said, None


def vouch(said: Sequence[Said], rows: LogRows, vouched: Vouched) -> None:
    """Compare what entries say with the tables, and add it to `vouched`.

    Raise `ContradictionError` at the first entry whose state, index rows, once keys or detached data
    are not what the tables hold.
    """
    documents = rows.detached({digest for one in said for digest in one.detached})
    states = [_state_of(one, documents) for one in said]
    used = rows.once([key for one in said for key in one.once])
    stored = rows.entities({key for state in states for key, _ in state})
    for one, state in zip(said, states, strict=True):
        _vouch_once(one, used)
        for key, digest in state:
            _vouch_entity((one.seq, key, digest), stored.get(key), vouched)
    vouched.once += sum(len(one.once) for one in said)
    vouched.detached |= documents.keys()
    written = {one.seq for one in said}
    _vouch_index({key: entity for key, entity in stored.items() if entity.revision in written}, rows, vouched)


def _read(entry: Entry) -> Said:
    body = entry.body
    if body.entry_id != GENESIS_ID and f"event/{body.entry_id}" not in body.once:
        raise InvalidInputError(MALFORMED, "the entry does not use up its own id")
    detached = tuple(member for member in (body.data, body.state) if isinstance(member, str))
    return Said(entry.seq, body.once, body.state, detached)


def _state_of(said: Said, documents: Mapping[Digest, bytes]) -> State:
    try:
        for digest in said.detached:
            document = documents.get(digest, b"")
            if sha256(document) != digest:
                contradict(Layer.DETACHED, said.seq, f"what entry {said.seq} detached is missing or altered")
            if digest != said.state:
                read_detached_data(document)
        return read_detached_state(documents[said.state]) if isinstance(said.state, str) else said.state
    except InvalidInputError as error:
        contradict(Layer.DETACHED, said.seq, f"what entry {said.seq} detached is malformed: {error.message}")


def _vouch_once(said: Said, used: Mapping[str, int]) -> None:
    for key in said.once:
        if used.get(key) != said.seq:
            contradict(Layer.ONCE, said.seq, f"the once key {key} of entry {said.seq} is missing or another's")


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
    lost = ((seq, row.key, row.name) for row, seq in expected.items() if rows.indexed([row]) == 0)
    seq, key, index = min(lost)
    contradict(Layer.INDEX, seq, f"{key} is not found in the index {index} where entry {seq} put it")
