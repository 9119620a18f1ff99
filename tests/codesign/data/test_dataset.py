from __future__ import annotations

from codesign.data.assemble import assemble
from codesign.data.dataset import SPLITS, splits_sha256
from codesign.data.given import Given

from .sets_on_disk import random_set

DATA = assemble(Given("set", "here", random_set((30, 30))), 0)


def test_splits_come_in_the_order_of_the_walk() -> None:
    assert tuple(DATA.splits) == SPLITS
    assert DATA.splits["certify"] is DATA.certify


def test_classes_are_those_of_every_split() -> None:
    assert {split.classes for split in DATA.splits.values()} == {DATA.classes}


def test_the_fingerprint_tells_which_split_an_image_is_in() -> None:
    swapped = {**DATA.splits, "select": DATA.certify, "certify": DATA.select}
    assert splits_sha256(DATA.classes, DATA.splits) == DATA.fingerprint
    assert splits_sha256(DATA.classes, swapped) != DATA.fingerprint
