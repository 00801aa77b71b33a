"""Roots and proofs against the definition of RFC 6962 and against pymerkle, which no one here wrote."""

from __future__ import annotations

import contextlib
import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.tree import merkle, verifier
from governance.audit.tree.merkle import Edge

# Enough for two levels of tiles now and then would take 65,536 leaves: `test_a_tree_of_tiles_of_tiles` does that once.
SIZES = st.integers(1, 700)


class Stored:
    """A tree as it is stored: what `append` says, and the leaves."""

    def __init__(self) -> None:
        self.edge = Edge()
        self.rows: dict[tuple[int, int], bytes] = {}

    def append(self, data: bytes) -> None:
        leaf = verifier.leaf_hash(data)
        self.rows[0, self.edge.size] = leaf
        for level, index, value in self.edge.append(leaf):
            self.rows[level, index] = value

    def hashes(self, level: int, first: int, amount: int) -> list[bytes]:
        return [self.rows[level, place] for place in range(first, first + amount) if (level, place) in self.rows]


def grown(size: int) -> Stored:
    tree = Stored()
    for number in range(size):
        tree.append(b"event %d" % number)
    return tree


def oracle(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(b"event %d" % number)
    return tree


def test_the_examples_of_the_field() -> None:
    """Certificate Transparency's own reference values, for these eight entries."""
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = Stored()
    assert tree.edge.root().hex() == hashlib.sha256(b"").hexdigest()
    roots = []
    for entry in entries:
        tree.append(bytes.fromhex(entry))
        roots.append(tree.edge.root().hex())
    assert roots[0] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[-1] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.data())
def test_roots_and_inclusion_agree_with_pymerkle(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    tree, other = grown(size), oracle(size)
    root = other.get_root(size)
    assert tree.edge.root() == merkle.root(tree.hashes, size) == root
    path = merkle.inclusion(tree.hashes, index, size)
    assert (
        path == other.prove_inclusion(index + 1, size).path[1:]
    )  # theirs begins with the leaf itself, and counts from 1
    assert verifier.root_by_inclusion(tree.rows[0, index], index, size, path) == root


@given(st.data())
def test_consistency_agrees_with_pymerkle(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new) | st.sampled_from([1 << level for level in range(new.bit_length())]))
    tree, other = grown(new), oracle(new)
    theirs = other.prove_consistency(old, new)
    pymerkle.verify_consistency(merkle.root(tree.hashes, old), merkle.root(tree.hashes, new), theirs, old, new)
    path = merkle.consistency(tree.hashes, old, new)
    verifier.check_consistency(old, new, other.get_root(old), other.get_root(new), path)
    if old == new:
        assert path == []
        return
    assert path == in_the_rfcs_form(theirs)
    ours = in_their_form(path, theirs, other.get_root(old))
    assert ours.retrieve_prior_state() == other.get_root(old)
    assert ours.compute_root() == other.get_root(new)


def in_the_rfcs_form(proof: pymerkle.ConsistencyProof) -> list[bytes]:
    """Theirs goes down to the first leaf that is new; RFC 6962 begins with the subtree that this leaf is the first of.

    The old root is left out where it stands in the path itself, which is where the old size is a power of two.
    """
    ends = proof.subset.index(1)  # the largest old subtree beside the new leaves
    first = proof.path[0]
    for digest in proof.path[1:ends]:
        first = verifier.node_hash(first, digest)
    is_whole = sum(proof.subset) == 1
    return [*([] if is_whole else [proof.path[ends]]), first, *proof.path[ends + 1 :]]


def in_their_form(path: list[bytes], theirs: pymerkle.ConsistencyProof, old_root: bytes) -> pymerkle.ConsistencyProof:
    """Ours as they write one, to be worked out by their own code: old subtree, new one, then as in theirs."""
    ends = theirs.subset.index(1)
    return pymerkle.ConsistencyProof(
        "sha256",
        True,
        theirs.size,
        theirs.prior_size,
        [0, *theirs.rule[ends:]],
        [1, 0, *theirs.subset[ends + 1 :]],
        [old_root, *path] if sum(theirs.subset) == 1 else path,
    )


@given(st.data())
def test_a_proof_that_was_touched_proves_nothing(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    tree = grown(new)
    index = data.draw(st.integers(0, new - 1))
    root, old_root = merkle.root(tree.hashes, new), merkle.root(tree.hashes, old)

    path = merkle.inclusion(tree.hashes, index, new)
    place = data.draw(st.integers(0, len(path) - 1))
    for wrong in (path[:-1], [*path, root], [*path[:place], bytes(32), *path[place + 1 :]]):
        with contextlib.suppress(verifier.NotProvenError):
            assert verifier.root_by_inclusion(tree.rows[0, index], index, new, wrong) != root

    path = merkle.consistency(tree.hashes, old, new)
    place = data.draw(st.integers(0, len(path) - 1))
    for wrong in (path[:-1], [*path, root], [*path[:place], bytes(32), *path[place + 1 :]]):
        with pytest.raises(verifier.NotProvenError):
            verifier.check_consistency(old, new, old_root, root, wrong)
    with pytest.raises(verifier.NotProvenError):
        verifier.check_consistency(old, new, bytes(32), root, path)
    with pytest.raises(verifier.NotProvenError):
        verifier.check_consistency(old, new, old_root, bytes(32), path)


@given(SIZES)
def test_the_edge_is_found_again_from_what_is_stored(size: int) -> None:
    tree = grown(size)
    assert Edge.of(tree.hashes, size).peaks() == tree.edge.peaks()


def test_a_tree_of_tiles_of_tiles() -> None:
    size = 65_536 + 300
    tree = grown(size)
    assert (16, 0) in tree.rows
    assert len(tree.rows) == size + size // 256 + 1
    root = tree.edge.root()
    for index in (0, 255, 256, 40_000, 65_535, 65_536, size - 1):
        path = merkle.inclusion(tree.hashes, index, size)
        assert verifier.root_by_inclusion(tree.rows[0, index], index, size, path) == root
    for old in (1, 256, 40_000, 65_536, 65_537):
        path = merkle.consistency(tree.hashes, old, size)
        verifier.check_consistency(old, size, merkle.root(tree.hashes, old), root, path)


def test_a_hash_that_is_gone_is_missed() -> None:
    tree = grown(600)
    del tree.rows[8, 0]
    with pytest.raises(merkle.MissingHashError):
        merkle.root(tree.hashes, 600)


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    tree = grown(5)
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="there is no leaf"):
            merkle.inclusion(tree.hashes, index, size)
        with pytest.raises(verifier.NotProvenError):
            verifier.root_by_inclusion(bytes(32), index, size, [])
    with pytest.raises(ValueError, match="does not follow"):
        merkle.consistency(tree.hashes, 6, 5)
    with pytest.raises(ValueError, match="as many peaks"):
        Edge(3, [bytes(32)])
