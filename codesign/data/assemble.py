"""From what a source provides to the four splits: copies dealt with, parts carved, statistics taken."""

from __future__ import annotations

import numpy as np

from codesign.data.dataset import Dataset, splits_sha256
from codesign.data.duplicates import found_in, identical_groups
from codesign.data.given import Given
from codesign.data.imbalance import imbalance
from codesign.data.splits import stratified
from codesign.data.statistics import channel_statistics
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

TEST_SHARE = 0.20


def assemble(given: Given, seed: int) -> Dataset:
    """Four disjoint splits, the same for the same seed.

    A test set that exists stays as it is; otherwise 20 % of each class become one. A calibration set becomes select
    and certify, half of each class each; otherwise both are carved from the training images by `given.shares`.
    No image is in two splits, not even as a byte-identical copy: copies of a test image are left out of everything
    else, copies of a calibration image out of train, and copies within one set stay together.

    Raises:
        DataError: one class only, a class without training or calibration images, or with fewer than its splits need.
    """
    notes: list[str] = []
    pool, calibration, test = given.train, given.calibration, given.test
    _check_classes(pool, "training", given.where)
    if test is not None:
        notes.append(f"test: {len(test)} images, set apart by the source and left as they are.")
        pool = _without_copies(pool, "training", test, "test", notes)
        if calibration is not None:
            calibration = _without_copies(calibration, "calibration", test, "test", notes)
    if calibration is not None:
        pool = _without_copies(pool, "training", calibration, "calibration", notes)
        _check_classes(calibration, "calibration", given.where)
    _check_classes(pool, "training", given.where)  # again: copies may have been all there was of a class

    shares = {"train": 1.0}
    if calibration is None:
        shares = dict(zip(("train", "select", "certify"), given.shares, strict=True))
    if test is None:
        shares["test"] = sum(shares.values()) * TEST_SHARE / (1 - TEST_SHARE)
    splits = _carved(pool, "training", shares, seed, given.where, notes)
    if calibration is not None:
        halves = {"select": 1.0, "certify": 1.0}
        splits |= _carved(calibration, "calibration", halves, seed, given.where, notes)
    if test is not None:
        splits["test"] = test
        if absent := [name for i, name in enumerate(test.classes) if not (test.labels == i).any()]:
            notes.append(f"test: no images of class {', '.join(absent)}.")

    uneven = imbalance(splits)
    if uneven.warning is not None:
        notes.append(uneven.warning)
    mean, std = channel_statistics(splits["train"].images)
    height, width = splits["train"].images.shape[1:3]
    return Dataset(
        name=given.name,
        input=TensorSpec(height, width, mean, std),
        train=splits["train"],
        select=splits["select"],
        certify=splits["certify"],
        test=splits["test"],
        imbalance=uneven,
        notes=tuple(notes),
        fingerprint=splits_sha256(pool.classes, splits),
        calibration_apart=given.calibration is not None,
    )


def _check_classes(images: LabelledImages, what: str, where: str) -> None:
    if len(images.classes) < 2:
        raise DataError(
            f"there is one class only: {', '.join(images.classes)}",
            where=where,
            to_do="give two or more classes: there is nothing to tell apart",
        )
    counts = np.bincount(images.labels, minlength=len(images.classes))
    if not counts.all():
        absent = [name for name, count in zip(images.classes, counts, strict=True) if count == 0]
        raise DataError(
            f"no {what} images of class {', '.join(map(repr, absent[:5]))}" + (" and others" if absent[5:] else ""),
            where=where,
            to_do="add images of that class (copies of test images do not count), or leave the class out",
        )


def _without_copies(
    images: LabelledImages, what: str, kept: LabelledImages, kept_what: str, notes: list[str]
) -> LabelledImages:
    copies = found_in(images.images, kept.images)
    if not copies.any():
        return images
    notes.append(f"{int(copies.sum())} {what} images are byte-identical to a {kept_what} image and were left out.")
    return images.take(np.flatnonzero(~copies))


def _carved(
    images: LabelledImages, what: str, shares: dict[str, float], seed: int, where: str, notes: list[str]
) -> dict[str, LabelledImages]:
    if len(shares) == 1:
        (only,) = shares
        notes.append(f"{only}: all {len(images)} {what} images.")
        return {only: images}
    groups = identical_groups(images.images)
    if (copies := len(groups) - int(groups.max()) - 1) > 0:
        notes.append(f"{copies} {what} images are byte-identical copies of another; copies stay in one split.")
    parts = stratified(images.labels, tuple(shares.values()), seed, groups=groups, classes=images.classes, where=where)
    splits = {name: images.take(part) for name, part in zip(shares, parts, strict=True)}
    notes.extend(
        f"{name}: {len(split)} images, {share / sum(shares.values()):.0%} of each class of the {what} images."
        for (name, split), share in zip(splits.items(), shares.values(), strict=True)
    )
    return splits
