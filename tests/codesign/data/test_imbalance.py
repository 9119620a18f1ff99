from __future__ import annotations

import pytest

from codesign.data.imbalance import imbalance

from .sets_on_disk import random_set


def test_classes_are_counted_per_split() -> None:
    found = imbalance({"train": random_set((6, 2)), "test": random_set((0, 5))})
    assert found.counts == {"train": (6, 2), "test": (0, 5)}
    assert found.ratio == 3.0


@pytest.mark.parametrize(("counts", "warns"), [((5, 5), False), ((6, 2), False), ((7, 2), True)])
def test_a_warning_appears_above_three_to_one(counts: tuple[int, ...], warns: bool) -> None:
    assert (imbalance({"train": random_set(counts)}).warning is not None) is warns


def test_the_warning_names_both_classes_and_their_counts() -> None:
    warning = imbalance({"train": random_set((4, 40, 9))}).warning
    assert warning is not None
    assert "40 training images of 'class 1' but 4 of 'class 0', 10.0 times fewer" in warning
