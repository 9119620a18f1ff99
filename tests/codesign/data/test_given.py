from __future__ import annotations

import pytest

from codesign.data.given import SHARES, Given

from .sets_on_disk import random_set


def test_select_and_certify_get_as_many_images_each_and_train_the_most() -> None:
    train, select, certify = SHARES
    assert select == certify < train
    assert sum(SHARES) == pytest.approx(1.0)


def test_a_source_sets_nothing_apart_unless_it_says_so() -> None:
    given = Given("set", "here", random_set((3, 3)))
    assert (given.calibration, given.test, given.shares) == (None, None, SHARES)
