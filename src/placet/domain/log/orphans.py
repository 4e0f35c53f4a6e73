"""Finding rows that no entry wrote, once the numbers say that there are some (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterator

from placet.domain.log.compose import index_rows
from placet.domain.log.entry import Body, parse_entry, read_detached_state
from placet.domain.log.rows import Layer, LogRows, contradict
from placet.domain.log.vouching import Vouched

_Orphans = Iterator[tuple[int, str]]


def check_nothing_else(rows: LogRows, size: int, vouched: Vouched) -> None:
    """Check that the tables hold nothing but what `vouched` vouches for, and all of it.

    Every entry has found its rows before. Raise `ContradictionError`; where no entry can be named, at
    `size`, behind the newest entry.
    """
    lost = [(seq, key) for key, (seq, digest) in vouched.gone.items() if digest]
    if lost:
        seq, key = min(lost)
        contradict(Layer.STATE, seq, f"{key} is gone, though entry {seq} was the last to write it")
    counts = rows.counts()
    if counts.entities != vouched.entities:
        _name(Layer.STATE, _orphan_entities(rows, size), size)
    if counts.index != vouched.index:
        _name(Layer.INDEX, _orphan_index_rows(rows, size), size)
    if counts.once != vouched.once:
        _name(Layer.ONCE, _orphan_once_keys(rows, size), size)
    if counts.detached != len(vouched.detached):
        _name(
            Layer.DETACHED, ((size, digest) for digest in rows.every_detached() if digest not in vouched.detached), size
        )


def _name(layer: Layer, orphans: _Orphans, size: int) -> None:
    seq, name = min(orphans, default=(size, "a row that hides"))
    contradict(layer, seq, f"{name[:200]} was written by no entry")


def _orphan_entities(rows: LogRows, size: int) -> _Orphans:
    for key, revision in rows.every_entity():
        body = _body(rows, revision)
        state = () if body is None else body.state
        if isinstance(state, str):
            state = read_detached_state(rows.detached([state])[state])
        if key not in dict(state):
            yield min(revision, size), key


def _orphan_once_keys(rows: LogRows, size: int) -> _Orphans:
    for key, seq in rows.every_once():
        body = _body(rows, seq)
        if body is None or key not in body.once:
            yield min(seq, size), key


def _orphan_index_rows(rows: LogRows, size: int) -> _Orphans:
    for row in rows.every_index_row():
        entity = rows.entities([row.key]).get(row.key)
        if entity is None or row not in index_rows(row.key, entity.content):
            yield entity.revision if entity else size, f"{row.name} {row.value} of {row.key}"


def _body(rows: LogRows, seq: int) -> Body | None:
    stored = rows.entries(seq, seq + 1)
    return parse_entry(stored[0][2]).body if stored else None
