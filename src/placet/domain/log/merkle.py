"""The Merkle tree over the entries: hashes, the compact range, and both proofs (RFC 6962, 2.1).

A *node* is the root of a perfect subtree: `level` 0 is a leaf, and node `(level, number)` covers the
leaves `number << level` … `((number + 1) << level) - 1`. The *frontier* of a tree are the nodes of its
perfect subtrees from left to right, largest first: all that appending needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from placet.errors import VerificationError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Frontier = tuple[bytes, ...]


class Node(NamedTuple):
    """The place of a perfect subtree's root."""

    level: int
    number: int

    @property
    def written_by(self) -> int:
        """Return the sequence number of the leaf that completes the subtree."""
        return ((self.number + 1) << self.level) - 1


NodeReader = Callable[[Sequence[Node]], Sequence[bytes]]
"""Returns the hashes of the nodes asked for, in their order."""


def leaf_hash(entry: bytes) -> bytes:
    """Return `SHA-256(0x00 || entry)`."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return `SHA-256(0x01 || left || right)`."""
    return hashlib.sha256(b"\1" + left + right).digest()


def append(frontier: Frontier, size: int, leaf: bytes) -> tuple[Frontier, bytes]:
    """Append `leaf` to a tree of `size` leaves.

    Return the new frontier and the hashes of all nodes that the leaf completes, from level 0
    upwards and joined: the hash of level L stands at byte `32 * L`.
    """
    left = list(frontier)
    completed = [leaf]
    while size & 1:
        leaf = node_hash(left.pop(), leaf)
        completed.append(leaf)
        size >>= 1
    left.append(leaf)
    return tuple(left), b"".join(completed)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over adjacent subtrees given from left to right, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def cover(start: int, stop: int) -> list[Node]:
    """Return the largest perfect subtrees that cover the leaves `start`…`stop`-1, left to right.

    `start` is aligned as the subtrees of RFC 6962 are: to the largest power of two below the
    number of leaves, or finer.
    """
    nodes = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def root_at(size: int, read: NodeReader) -> bytes:
    """Return the root of the first `size` leaves."""
    return root_of(read(cover(0, size)))


def inclusion_proof(seq: int, size: int, read: NodeReader) -> list[bytes]:
    """Return the audit path of leaf `seq` in the tree of `size` leaves, from the leaf upwards.

    Needs `0 <= seq < size`.
    """
    spans = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if seq < middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return _roots(spans[::-1], read)


def consistency_proof(old_size: int, new_size: int, read: NodeReader) -> list[bytes]:
    """Return the proof that the tree of `old_size` leaves is a prefix of that of `new_size`.

    Needs `0 <= old_size <= new_size`; it is empty where the sizes are equal or the old one is 0.
    """
    if old_size in (0, new_size):
        return []
    spans = []
    start, stop = 0, new_size
    while stop != old_size:
        middle = start + _split(stop - start)
        if old_size <= middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    if start > 0:
        spans.append((start, stop))
    return _roots(spans[::-1], read)


def verify_inclusion(leaf: bytes, seq: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` is number `seq` in the tree of `size` leaves with `root` (RFC 9162, 2.1.3.2).

    Raise `VerificationError` (`PROOF_INVALID`).
    """
    if not 0 <= seq < size or not _are_hashes(leaf, root, *proof):
        _refuse("the inclusion proof names no leaf of the tree")
    at, last, computed = seq, size - 1, leaf
    for sibling in proof:
        if last == 0:
            _refuse("the inclusion proof is too long")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or computed != root:
        _refuse("the inclusion proof does not lead to the root")


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree with `old_root` is a prefix of that with `new_root` (RFC 9162, 2.1.4.2).

    Raise `VerificationError` (`PROOF_INVALID`).
    """
    if not 0 <= old_size <= new_size or not _are_hashes(old_root, new_root, *proof):
        _refuse("the consistency proof names no two trees")
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != expected:
            _refuse("the two trees differ")
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path or _fold(old_size - 1, new_size - 1, path) != (old_root, new_root):
        _refuse("the consistency proof does not lead to the roots")


def _fold(at: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None


def _roots(spans: Sequence[tuple[int, int]], read: NodeReader) -> list[bytes]:
    covers = [cover(*span) for span in spans]
    hashes = iter(read([node for nodes in covers for node in nodes]))
    return [root_of([next(hashes) for _ in nodes]) for nodes in covers]


def _split(leaves: int) -> int:
    """Return the largest power of two below `leaves` (RFC 6962's k)."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _refuse(reason: str) -> NoReturn:
    raise VerificationError("PROOF_INVALID", reason)
