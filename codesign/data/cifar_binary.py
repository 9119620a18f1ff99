"""The official *binary* version of CIFAR: records of label bytes and 3,072 pixel bytes.

Format: https://www.cs.toronto.edu/~kriz/cifar.html. A record is one label byte (CIFAR-10) or a coarse and a fine one
(CIFAR-100), then 1,024 red, 1,024 green and 1,024 blue bytes, each row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.data.cifar_classes import CIFAR10, CIFAR100
from runtime.contract.errors import DataError
from runtime.data.labelled import LabelledImages

SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE


@dataclass(frozen=True, slots=True)
class CifarLayout:
    """What distinguishes the two data sets on disk; the last label byte of a record is the class."""

    name: str
    classes: tuple[str, ...]
    label_bytes: int
    train_files: tuple[str, ...]
    test_file: str


CIFAR10_LAYOUT = CifarLayout(
    "cifar10", CIFAR10, 1, tuple(f"data_batch_{batch}.bin" for batch in range(1, 6)), "test_batch.bin"
)
CIFAR100_LAYOUT = CifarLayout("cifar100", CIFAR100, 2, ("train.bin",), "test.bin")


def read_records(path: Path, layout: CifarLayout) -> LabelledImages:
    """All records of one file. Raises DataError where it is absent, cut short, or holds a label that is no class."""
    if not path.is_file():
        raise DataError(
            f"{path.name} is missing",
            where=str(path),
            to_do=f"give the folder of the binary version: {', '.join(layout.train_files)} and {layout.test_file}",
        )
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DataError(f"the file cannot be read: {error}", where=str(path), to_do="check its permissions") from error
    record_bytes = layout.label_bytes + PIXEL_BYTES
    if len(content) == 0 or len(content) % record_bytes:
        raise DataError(
            f"{len(content)} bytes are no whole number of {layout.name} records of {record_bytes} bytes",
            where=str(path),
            to_do=f"download or unpack it again, and check that it is {layout.name}",
        )
    records = content.reshape(-1, record_bytes)
    labels = records[:, layout.label_bytes - 1].astype(np.int64)
    if labels.max() >= len(layout.classes):
        raise DataError(
            f"label {labels.max()} in record {int(labels.argmax())} is beyond the {len(layout.classes)} classes",
            where=str(path),
            to_do=f"download or unpack it again, and check that it is {layout.name}",
        )
    planes = records[:, layout.label_bytes :].reshape(-1, 3, SIDE, SIDE)
    return LabelledImages(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels, layout.classes)
