from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.data.splits import quotas, stratified
from runtime.contract.errors import ConfigError, DataError

SHARES = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=5)
LABELS = st.lists(st.integers(5, 40), min_size=1, max_size=6).map(
    lambda counts: np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
)
SEEDS = st.integers(0, 2**32)


@given(LABELS, SHARES, SEEDS)
def test_every_sample_is_in_exactly_one_part(labels: np.ndarray, shares: list[float], seed: int) -> None:
    parts = stratified(labels, shares, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))


@given(LABELS, SHARES, SEEDS)
def test_every_class_is_divided_as_its_quotas_say(labels: np.ndarray, shares: list[float], seed: int) -> None:
    parts = stratified(labels, shares, seed)
    for label in np.unique(labels):
        count = int((labels == label).sum())
        assert tuple(int((labels[part] == label).sum()) for part in parts) == quotas(count, shares)


@given(LABELS, SHARES, SEEDS)
def test_the_same_seed_gives_the_same_parts(labels: np.ndarray, shares: list[float], seed: int) -> None:
    first, second = stratified(labels, shares, seed), stratified(labels, shares, seed)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@given(LABELS, SHARES, SEEDS, st.integers(2, 4))
def test_a_group_is_never_divided(labels: np.ndarray, shares: list[float], seed: int, size: int) -> None:
    labels = np.tile(labels, size)  # each image `size` times
    groups = np.tile(np.arange(len(labels) // size), size)
    parts = stratified(labels, shares, seed, groups=groups)
    assert sum(len(part) for part in parts) == len(labels)
    owners = [set(groups[part].tolist()) for part in parts]
    assert sum(len(owner) for owner in owners) == len(set(groups.tolist()))


def test_another_seed_gives_other_parts() -> None:
    labels = np.repeat([0, 1], 50)
    assert stratified(labels, (1, 1), 0)[0].tolist() != stratified(labels, (1, 1), 1)[0].tolist()


def test_labels_of_another_integer_type_give_the_same_parts() -> None:
    labels = np.repeat([0, 1], 50)
    one, other = stratified(labels.astype(np.uint8), (1, 2), 3), stratified(labels, (1, 2), 3)
    assert [part.tolist() for part in one] == [part.tolist() for part in other]


@given(st.integers(0, 500), SHARES)
def test_quotas_add_up_leave_no_part_empty_and_stay_close_to_the_shares(extra: int, shares: list[float]) -> None:
    count = len(shares) + extra
    parts = quotas(count, shares)
    exact = np.asarray(shares) / sum(shares) * count
    assert sum(parts) == count
    assert min(parts) >= 1
    if exact.min() >= 1:
        assert np.abs(np.asarray(parts) - exact).max() < 1


@pytest.mark.parametrize(
    ("count", "shares", "expected"),
    [
        (100, (0.7, 0.15, 0.15), (70, 15, 15)),
        (10, (0.5, 0.5), (5, 5)),
        (11, (0.5, 0.5), (6, 5)),
        (3, (0.98, 0.01, 0.01), (1, 1, 1)),
        (10, (0.98, 0.01, 0.01), (8, 1, 1)),
    ],
)
def test_quotas_of_known_cases(count: int, shares: tuple[float, ...], expected: tuple[int, ...]) -> None:
    assert quotas(count, shares) == expected


def test_a_class_with_fewer_images_than_parts_is_named() -> None:
    with pytest.raises(DataError, match="class 'rare' has 2 different images, but 3 splits need one each") as caught:
        stratified(np.array([0] * 9 + [1] * 2), (1, 1, 1), 0, classes=("often", "rare"), where="the folder")
    assert caught.value.where == "the folder"


def test_copies_of_one_image_count_once_towards_what_a_class_needs() -> None:
    labels, groups = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 4])
    with pytest.raises(DataError, match="class number 1 has 2 different images"):
        stratified(labels, (1, 1, 1), 0, groups=groups)


@pytest.mark.parametrize("shares", [(), (1.0,), (0.5, 0.0), (0.5, -0.1), (0.5, float("nan"))])
def test_shares_that_divide_nothing_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="two or more shares above zero"):
        stratified(np.zeros(9, dtype=np.int64), shares, 0)
