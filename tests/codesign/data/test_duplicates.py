from __future__ import annotations

import numpy as np

from codesign.data.duplicates import found_in, identical_groups

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3, 3, 3), dtype=np.uint8)


def test_identical_images_share_a_group_in_order_of_appearance() -> None:
    assert identical_groups(IMAGES[[2, 0, 2, 1, 0]]).tolist() == [0, 1, 0, 2, 1]


def test_one_changed_byte_makes_another_image() -> None:
    changed = IMAGES[:1].copy()
    changed[0, 2, 2, 2] ^= 1
    assert identical_groups(np.concatenate([IMAGES[:1], changed])).tolist() == [0, 1]


def test_images_that_others_hold_too_are_found() -> None:
    assert found_in(IMAGES, IMAGES[[3, 1]]).tolist() == [False, True, False, True]


def test_a_view_with_other_strides_is_the_same_image() -> None:
    assert found_in(IMAGES[:, ::-1][:, ::-1], IMAGES).all()
