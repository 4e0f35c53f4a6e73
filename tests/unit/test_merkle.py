"""The tree against known vectors, against RFC 6962's own definition, and against every altered proof."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from placet.domain.log import merkle
from placet.domain.log.merkle import Node, verify_consistency, verify_inclusion
from placet.errors import VerificationError
from support import merkle_reference as rfc

# The test vectors of Certificate Transparency's reference implementation.
VECTOR_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
VECTOR_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70


class Tree:
    """A log of leaves whose completed nodes are kept as the stores keep them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.frontiers: list[merkle.Frontier] = [()]
        self.nodes: list[bytes] = []
        for size, leaf in enumerate(leaves):
            frontier, completed = merkle.append(self.frontiers[-1], size, merkle.leaf_hash(leaf))
            self.frontiers.append(frontier)
            self.nodes.append(completed)

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self.nodes[node.written_by][32 * node.level : 32 * node.level + 32] for node in nodes]

    def root(self, size: int) -> bytes:
        return rfc.mth(self.leaves[:size])


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree([b"entry %d" % number for number in range(LARGEST)])


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root_of(Tree(VECTOR_LEAVES).frontiers[size]).hex() == VECTOR_ROOTS[size]


def test_the_root_of_every_size_is_that_of_the_definition(tree: Tree) -> None:
    for size in range(LARGEST + 1):
        assert merkle.root_of(tree.frontiers[size]) == merkle.root_at(size, tree.read) == tree.root(size)


def test_a_frontier_is_what_the_nodes_above_its_leaves_say(tree: Tree) -> None:
    for size in range(LARGEST + 1):
        assert tuple(tree.read(merkle.cover(0, size))) == tree.frontiers[size]


def test_every_inclusion_proof_is_that_of_the_definition_and_verifies(tree: Tree) -> None:
    for size in range(1, LARGEST + 1):
        for seq in range(size):
            proof = merkle.inclusion_proof(seq, size, tree.read)
            assert proof == rfc.path(seq, tree.leaves[:size])
            verify_inclusion(merkle.leaf_hash(tree.leaves[seq]), seq, size, proof, tree.root(size))


def test_every_consistency_proof_is_that_of_the_definition_and_verifies(tree: Tree) -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, tree.read)
            assert proof == (rfc.proof(old, tree.leaves[:new]) if old else [])
            verify_consistency(old, new, proof, tree.root(old), tree.root(new))


def inclusion_is_refused(leaf: bytes, seq: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(leaf, seq, size, proof, root)
    except VerificationError as error:
        return error.code == "PROOF_INVALID"
    return False


def consistency_is_refused(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    try:
        verify_consistency(old, new, proof, old_root, new_root)
    except VerificationError as error:
        return error.code == "PROOF_INVALID"
    return False


def altered(proof: Sequence[bytes]) -> list[list[bytes]]:
    """Return the proof with each hash flipped, dropped and doubled, turned round, and made longer."""
    hashes = list(proof)
    places = range(len(hashes))
    flipped = [[*hashes[:at], flip(hashes[at]), *hashes[at + 1 :]] for at in places]
    dropped = [[*hashes[:at], *hashes[at + 1 :]] for at in places]
    doubled = [[*hashes[:at], hashes[at], *hashes[at:]] for at in places]
    shortened = [[*hashes[:at], hashes[at][:-1], *hashes[at + 1 :]] for at in places]
    longer = [[*hashes, bytes(32)], [bytes(32), *hashes], [*hashes, *hashes, bytes(32)]]
    return [*flipped, *dropped, *doubled, *shortened, *longer, *([hashes[::-1]] if hashes[::-1] != hashes else [])]


def flip(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def test_no_altered_inclusion_proof_is_accepted(tree: Tree) -> None:
    for size in range(1, 20):
        root = tree.root(size)
        for seq in range(size):
            leaf = merkle.leaf_hash(tree.leaves[seq])
            proof = merkle.inclusion_proof(seq, size, tree.read)
            assert all(inclusion_is_refused(leaf, seq, size, other, root) for other in altered(proof))
            assert inclusion_is_refused(flip(leaf), seq, size, proof, root)
            assert inclusion_is_refused(leaf, seq, size, proof, flip(root))
            assert all(inclusion_is_refused(leaf, at, size, proof, root) for at in range(-1, size + 2) if at != seq)


def test_an_inclusion_proof_is_for_one_size(tree: Tree) -> None:
    for size in range(1, 20):
        for other in range(-1, 24):
            leaf, proof = merkle.leaf_hash(tree.leaves[0]), merkle.inclusion_proof(0, size, tree.read)
            same_shape = other > 0 and len(rfc.path(0, tree.leaves[:other])) == len(proof)
            assert same_shape or inclusion_is_refused(leaf, 0, other, proof, tree.root(size))


def test_no_altered_consistency_proof_is_accepted(tree: Tree) -> None:
    for new in range(20):
        for old in range(new + 1):
            old_root, new_root = tree.root(old), tree.root(new)
            proof = merkle.consistency_proof(old, new, tree.read)
            assert all(consistency_is_refused(old, new, other, old_root, new_root) for other in altered(proof))
            assert consistency_is_refused(old, new, proof, flip(old_root), new_root)
            assert old == 0 or consistency_is_refused(old, new, proof, old_root, flip(new_root))


def test_a_log_that_shrank_is_refused(tree: Tree) -> None:
    proof = merkle.consistency_proof(5, 9, tree.read)
    assert consistency_is_refused(9, 5, proof, tree.root(9), tree.root(5))
    assert consistency_is_refused(-1, 5, [], merkle.EMPTY_ROOT, tree.root(5))


def test_consistency_of_two_sizes_needs_a_proof(tree: Tree) -> None:
    assert consistency_is_refused(3, 5, [], tree.root(3), tree.root(5))
    assert consistency_is_refused(4, 5, [], tree.root(4), tree.root(5))


def test_equal_sizes_with_different_roots_are_a_fork(tree: Tree) -> None:
    assert consistency_is_refused(5, 5, [], tree.root(5), tree.root(4))


def test_an_older_tree_is_its_own_first_node_only_where_it_is_perfect(tree: Tree) -> None:
    """The proof for a perfect old tree leaves its root out; giving it twice must not help."""
    proof = [tree.root(4), *merkle.consistency_proof(4, 7, tree.read)]
    assert consistency_is_refused(4, 7, proof, tree.root(4), tree.root(7))
