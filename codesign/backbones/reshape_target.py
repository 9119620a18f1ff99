"""Where the batch stands in a Reshape's target, and how to write the target so that any batch fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


def written_out(target: Array, data: Shape, allow_zero: bool) -> Array:
    """A target without 0 and -1, for data of a shape; one that fits no data stays as it is, for inference to refuse."""
    comes_in = 0 if allow_zero else len(data)  # axes whose size a 0 can stand for
    sizes = [data[k] if size == 0 and k < comes_in else int(size) for k, size in enumerate(target)]
    if -1 in sizes and 0 not in sizes:
        sizes[sizes.index(-1)] = int(np.prod(data)) // -int(np.prod(sizes))
    return np.asarray(sizes, dtype=np.int64)


def any_batch(targets: Sequence[Array], data: Sequence[Shape], allow_zero: bool) -> Array | None:
    """One target for every batch: 0 where the batch comes in as it goes out, else -1; None where none does.

    Args:
        targets: as `written_out`, one per batch.
        data: the shapes that come in, likewise.
    """
    follows = np.flatnonzero(np.any([target != targets[0] for target in targets[1:]], axis=0))
    if len(follows) != 1:
        return None
    target, axis = targets[0].copy(), int(follows[0])
    comes_in = axis < len(data[0]) and all(one[axis] == two[axis] for one, two in zip(data, targets, strict=True))
    target[axis] = 0 if comes_in and not allow_zero else -1
    return target


def batch_axis(target: Array, data: Shape, axis: int, batch: int) -> int | None:
    """Which axis of a target, written for one batch, holds the batch; a guess where several could.

    A batch of one leaves no trace, so this goes by where exporters put it; whoever asks compares answers afterwards.

    Args:
        target: without 0 and -1.
        data: the shape that comes in, with this batch.
        axis: of `data` that holds the batch.
    """
    behind = int(np.prod(data[axis + 1 :]))  # values of one image that lie next to each other
    sizes = target.tolist()
    inner = [int(np.prod(sizes[k + 1 :])) for k in range(len(sizes))]
    joined = data[axis] // batch  # with how many others the batch shares its axis
    alone = [k for k, size in enumerate(sizes) if size == batch and behind <= inner[k] <= behind * joined]
    as_it_comes = [k for k, size in enumerate(sizes) if size == data[axis] and inner[k] == behind]
    if alone or as_it_comes:
        return next((k for k in as_it_comes if k in alone), (alone + as_it_comes)[0])
    # Joined with the axis before it, as a linear layer flattens tokens; where what lies behind is split at the same
    # time, with that, as attention joins batch and heads.
    before = [k for k in range(len(sizes)) if inner[k] == behind and len(sizes[k + 1 :]) <= len(data[axis + 1 :])]
    after = [k for k in range(len(sizes)) if inner[k] < behind <= inner[k] * sizes[k]]
    return next(iter(before + after), None)
