"""A data set as the walk needs it: four disjoint splits, what the network sees of them, and what to know about them."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.data.imbalance import Imbalance
from runtime.contract.fingerprint import arrays_sha256, json_sha256
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

SPLITS = ("train", "select", "certify", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Four splits that share no image.

    `train` fits weights and heads; `select` chooses thresholds and designs; `certify` is for the certificate alone;
    `test` stays untouched until the final report.
    """

    name: str  # digits, cifar10, cifar100, images:<folder name>
    input: TensorSpec  # mean and std are those of `train`
    train: LabelledImages
    select: LabelledImages
    certify: LabelledImages
    test: LabelledImages
    imbalance: Imbalance
    notes: tuple[str, ...]  # sentences for the report: where each split comes from, duplicates, imbalance
    fingerprint: str  # SHA-256 of classes, input size and every split's bytes
    calibration_apart: bool = False  # select and certify come from images set apart, not from the training images

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels index them."""
        return self.train.classes

    @property
    def splits(self) -> dict[str, LabelledImages]:
        """The four by name, in the order of SPLITS."""
        return {"train": self.train, "select": self.select, "certify": self.certify, "test": self.test}


def splits_sha256(classes: tuple[str, ...], splits: dict[str, LabelledImages]) -> str:
    """One name for exactly these classes and these images in these splits, in this order."""
    contents = {name: arrays_sha256(split.images, split.labels) for name, split in splits.items()}
    return json_sha256({"classes": list(classes), "splits": contents})
