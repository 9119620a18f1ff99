"""codesign/predict/models/trees.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from codesign.predict.models.trees import GrownTree, Trees, filled_up
from runtime.contract.errors import DataError


def grown(depth: int, seed: int) -> tuple[DecisionTreeRegressor, GrownTree]:
    rng = np.random.default_rng(seed)
    model = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=3, random_state=0)
    tree = model.fit(rng.integers(0, 5, size=(40, 3)), rng.normal(size=40)).tree_
    return model, GrownTree(tree.children_left, tree.children_right, tree.feature, tree.threshold, tree.value[:, 0, 0])


@given(st.integers(1, 8), st.integers(0, 50))
def test_filled_up_trees_say_what_the_grown_ones_did(depth: int, seed: int) -> None:
    pairs = [grown(depth, seed), grown(depth, seed + 1)]
    inputs = np.random.default_rng(seed).integers(-1, 7, size=(60, 3)).astype(np.float64)
    expected = sum(model.predict(inputs) for model, _ in pairs)
    trees = filled_up([tree for _, tree in pairs], depth)
    assert trees.sums(inputs) == pytest.approx(expected)
    again = Trees.from_arrays(trees.as_arrays(), 3)
    assert again.sums(inputs).tolist() == trees.sums(inputs).tolist()


def test_a_tree_that_is_only_a_leaf_says_the_same_everywhere() -> None:
    leaf = GrownTree(np.array([-1]), np.array([-1]), np.array([-2]), np.array([-2.0]), np.array([7.0]))
    assert filled_up([leaf], 3).sums(np.arange(4.0).reshape(4, 1)).tolist() == [7.0] * 4


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("tree_leaves", np.zeros((1, 3))),
        ("tree_leaves", np.zeros((1, 1))),
        ("tree_leaves", np.zeros((1, 512))),
        ("tree_splits", np.full((1, 3), 99)),
        ("split_columns", np.full(3, 5)),
        ("split_thresholds", np.full(3, np.nan)),
    ],
)
def test_damaged_trees_are_refused(name: str, damage: np.ndarray) -> None:
    sound = Trees(np.zeros((1, 3), dtype=np.int64), np.zeros(3, dtype=np.int64), np.zeros(3), np.zeros((1, 4)))
    with pytest.raises(DataError, match=f"`{name}` is missing or damaged"):
        Trees.from_arrays({**sound.as_arrays(), name: damage}, 5)
