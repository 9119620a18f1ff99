"""Images mixed with others of their batch: what a network answers on them nobody has learnt by heart.

A trained network is certain of the images it was trained on, and its answers on them say little more than the labels.
On mixtures it is not, and a student that agrees with it there has learnt the function, not the list (Beyer et al.,
"Knowledge distillation: a good teacher is patient and consistent", arXiv:2106.05237). Labels are not mixed: only
answers are compared.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray


def mixed(images: FloatArray, layout: str, rng: np.random.Generator) -> FloatArray:
    """Every image of a batch with the one that mirrors it in order: blended (mixup) or with a square of it (cutmix).

    Args:
        images: (batch, …) as the network wants them; not changed.
        layout: NCHW or NHWC.
    """
    share, others = np.float32(rng.uniform()), images[::-1]
    if rng.random() < 0.5:
        blended: FloatArray = share * images + (1 - share) * others
        return blended
    height, width = images.shape[2:] if layout == "NCHW" else images.shape[1:3]
    side = np.sqrt(1 - share)
    rows, columns = int(side * height), int(side * width)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    square = np.s_[top : top + rows, left : left + columns]
    where = (slice(None), slice(None), *square) if layout == "NCHW" else (slice(None), *square)
    pasted = images.copy()
    pasted[where] = others[where]
    return pasted
