"""Verifying bytes, chain, tree and checkpoints: a stretch at a time, without parsing bodies (protocol 7).

A stretch begins from a state that is taken for granted and ends in one that is computed. Whoever
puts stretches together compares the two; so they may be verified in any order, or at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from placet.domain.log.entry import NO_LEAF
from placet.domain.log.merkle import HASH_BYTES, Frontier, append, cover, root_of
from placet.domain.log.rows import EntryRow, Layer, LogRows, contradict

_TIME_BYTES = len("2026-01-02T03:04:05.678Z")
_END = b'","v":1}'
_AFTER_TIME = len(_END)
_BEFORE_TIME = _TIME_BYTES + _AFTER_TIME
_NO_TIME = b""


class Tail(Struct, frozen=True, kw_only=True):
    """Where a stretch begins or ends: everything that the next entry must fit to."""

    size: int
    leaf: bytes
    time: bytes
    frontier: Frontier


EMPTY = Tail(size=0, leaf=NO_LEAF, time=_NO_TIME, frontier=())


def tail_at(rows: LogRows, size: int) -> Tail:
    """Return the tail after `size` entries as the rows claim it; nothing of it is verified."""
    if size == 0:
        return EMPTY
    (_, nodes, content), *_ = rows.entries(size - 1, size) or [(0, b"", b"")]
    time = content[-_BEFORE_TIME:-_AFTER_TIME]
    return Tail(size=size, leaf=nodes[:HASH_BYTES], time=time, frontier=tuple(rows.nodes(cover(0, size))))


def verify_chain(entries: Sequence[EntryRow], roots: Mapping[int, bytes], tail: Tail) -> Tail:
    """Check that `entries` follow `tail`, and return the new tail.

    Each has the next number, names the one before it, carries a time that does not go back, was
    stored with the hashes of its own bytes, and where a root is kept for its size, it is the
    tree's. Raise `ContradictionError` at the first that does not.
    """
    size, leaf, time, frontier = tail.size, tail.leaf, tail.time, tail.frontier
    for seq, nodes, content in entries:
        if seq != size:
            contradict(Layer.SEQUENCE, size, f"entry {size} is missing")
        own = sha256(b"\0" + content).digest()
        link = b',"prev":"%b","seq":%d,"time":"' % (leaf.hex().encode(), seq)
        if content[-_BEFORE_TIME - len(link) : -_BEFORE_TIME] != link or content[-_AFTER_TIME:] != _END:
            _blame(seq, own == nodes[:HASH_BYTES], content)
        if own != nodes[:HASH_BYTES]:
            contradict(Layer.CHAIN, seq, f"the bytes of entry {seq} are not those that were hashed")
        stamped = content[-_BEFORE_TIME:-_AFTER_TIME]
        if stamped < time:
            contradict(Layer.SEQUENCE, seq, f"the time of entry {seq} goes back")
        frontier, completed = append(frontier, seq, own)
        if nodes != completed:
            contradict(Layer.TREE, seq, f"the tree's nodes above entry {seq} are not its hashes")
        size, leaf, time = seq + 1, own, stamped
        if size in roots and roots[size] != root_of(frontier):
            contradict(Layer.CHECKPOINT, seq, f"the root kept for {size} entries is not the tree's")
    return Tail(size=size, leaf=leaf, time=time, frontier=frontier)


def _blame(seq: int, is_as_hashed: bool, content: bytes) -> None:  # noqa: FBT001 - what was just compared
    """Name the entry that a broken link speaks against.

    Where the later entry's bytes are those that were hashed when it was written, it is the
    earlier one that changed, together with its stored hash.
    """
    if b'","seq":%d,"time":"' % seq not in content[-_BEFORE_TIME - 2 * HASH_BYTES :]:
        contradict(Layer.SEQUENCE, seq, f"what stands as entry {seq} was written as another")
    at = seq - 1 if is_as_hashed and seq > 0 else seq
    contradict(Layer.CHAIN, at, f"entry {at} is not the one that its neighbours were written for")
