"""The tree, held against RFC 6962 §2.1 written out word by word."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import slow_root

from avrecord.seal.merkle import EMPTY_ROOT, CompactRange, leaf_hash, node_hash, subtree_root

HASHES = [leaf_hash(b"%d" % number) for number in range(600)]


def test_the_root_is_that_of_the_rfc_for_every_size_up_to_600():
    tree, wrong = CompactRange(), []
    for size, value in enumerate(HASHES):
        if tree.root() != slow_root(HASHES[:size]):
            wrong.append(size)
        tree.append(value)
    assert wrong == []
    assert tree.size == 600


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
@settings(max_examples=60)
def test_the_root_is_that_of_the_rfc_for_any_hashes(hashes):
    assert subtree_root(hashes) == slow_root(hashes)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 600])
def test_a_tree_keeps_one_hash_per_set_bit_of_its_size(size):
    tree = CompactRange()
    for value in HASHES[:size]:
        tree.append(value)
    assert len(tree.peaks) == size.bit_count()


def test_a_tree_without_leaves_has_the_hash_of_nothing():
    assert CompactRange().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_a_leaf_cannot_pass_as_a_node():
    """Without the two prefixes, an entry made of two hashes would have its parent's hash."""
    left, right = HASHES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.integers(1, 300), st.data())
@settings(max_examples=50)
def test_the_root_tells_which_entry_was_changed_and_in_which_order_they_stand(size, data):
    at = data.draw(st.integers(0, size - 1))
    changed = [*HASHES[:at], leaf_hash(b"other"), *HASHES[at + 1 : size]]
    assert subtree_root(changed) != subtree_root(HASHES[:size])
    if size > 1:
        other = (at + 1) % size
        swapped = list(HASHES[:size])
        swapped[at], swapped[other] = swapped[other], swapped[at]
        assert subtree_root(swapped) != subtree_root(HASHES[:size])


def test_a_copy_grows_apart_from_its_original():
    tree = CompactRange()
    for value in HASHES[:5]:
        tree.append(value)
    other = tree.copy()
    other.append(HASHES[5])
    assert (tree.size, tree.root()) == (5, slow_root(HASHES[:5]))
    assert (other.size, other.root()) == (6, slow_root(HASHES[:6]))
