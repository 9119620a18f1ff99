from __future__ import annotations

import numpy as np
import pytest

from runtime.contract.errors import DataError
from runtime.data.labelled_images import LabelledImages

IMAGES = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
LABELS = np.array([0, 1, 1])


def test_taking_indices_keeps_images_and_labels_together_in_the_order_asked_for() -> None:
    taken = LabelledImages(IMAGES, LABELS, ("a", "b")).take(np.array([2, 0]))
    assert len(taken) == 2
    assert taken.labels.tolist() == [1, 0]
    np.testing.assert_array_equal(taken.images, IMAGES[[2, 0]])


@pytest.mark.parametrize(
    ("images", "labels", "classes", "message"),
    [
        (IMAGES.astype(np.float32), LABELS, ("a", "b"), r"images must be uint8 \(n, height, width, 3\), got float32"),
        (IMAGES[..., 0], LABELS, ("a", "b"), r"got uint8 \(3, 2, 2\)"),
        (IMAGES[..., :2], LABELS, ("a", "b"), r"got uint8 \(3, 2, 2, 2\)"),
        (IMAGES, LABELS.astype(np.int32), ("a", "b"), r"labels must be int64 \(n,\), got int32"),
        (IMAGES, LABELS[:, None], ("a", "b"), r"labels must be int64 \(n,\), got int64 \(3, 1\)"),
        (IMAGES, LABELS[:2], ("a", "b"), "3 images but 2 labels"),
        (IMAGES, LABELS, ("a",), "labels run from 0 to 1, but 1 classes allow 0 to 0"),
        (IMAGES, LABELS - 1, ("a", "b"), "labels run from -1 to 0"),
        (IMAGES, LABELS, ("a", "a"), "class names must differ"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(
    images: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        LabelledImages(images, labels, classes)
