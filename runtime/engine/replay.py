"""Replays labelled images through an engine, one at a time: what is right, where images leave, how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.errors import DataError
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind

from .bundle import Engine

WARM_UP = 3  # the first inferences also allocate


@dataclass(frozen=True, slots=True)
class Replay:
    """Figures over the images replayed; latency is one image at a time, preprocessing included."""

    images: int
    accuracy: Figure
    exit_counts: tuple[int, ...]  # per stage, how many images left there
    latency_mean_s: Figure
    latency_p50_s: Figure
    latency_p99_s: Figure
    energy_j: Figure  # mean per image: what the bundle promises for the exits that were taken here

    @property
    def exit_shares(self) -> tuple[float, ...]:
        """Share of the images that left at each exit."""
        return tuple(count / self.images for count in self.exit_counts)

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "images": self.images,
            "accuracy": self.accuracy.to_json(),
            "exit_counts": list(self.exit_counts),
            "latency_mean_s": self.latency_mean_s.to_json(),
            "latency_p50_s": self.latency_p50_s.to_json(),
            "latency_p99_s": self.latency_p99_s.to_json(),
            "energy_j": self.energy_j.to_json(),
        }


def replay(
    engine: Engine,
    images: UInt8Array,
    labels: IntArray,
    *,
    data: str,
    hardware: str,
    on_image: Callable[[], None] | None = None,
) -> Replay:
    """Infer image by image and compare with the labels.

    Args:
        images: (n, height, width, 3) uint8.
        labels: (n,) class indices.
        data, hardware: what the figures are of, in words.
        on_image: called after each image, say to move a progress bar.
    Raises:
        DataError: no images, or another number of labels.
        ShapeError, EngineError: as `Engine.infer`.
    """
    if not len(images) or len(images) != len(labels):
        raise DataError(f"{len(images)} images with {len(labels)} labels cannot be replayed", where=data)
    for image in images[:WARM_UP]:
        engine.infer(image)
    counts, latencies_s, right = [0] * engine.mode.policy.stages, np.empty(len(images)), 0
    for i, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        answer = engine.infer(image)
        counts[answer.exit_index] += 1
        latencies_s[i] = answer.latency_s
        right += answer.class_index == label
        if on_image is not None:
            on_image()
    promise = engine.promise
    energy_j = sum(count * promise.energy_j(k) for k, count in enumerate(counts)) / len(images)
    p50_s, p99_s = np.quantile(latencies_s, [0.5, 0.99])

    def measured(value: float, on: str) -> Figure:
        return Figure(float(value), Kind.MEASURED, on)

    return Replay(
        images=len(images),
        accuracy=measured(right / len(images), data),
        exit_counts=tuple(counts),
        latency_mean_s=measured(latencies_s.mean(), hardware),
        latency_p50_s=measured(p50_s, hardware),
        latency_p99_s=measured(p99_s, hardware),
        energy_j=Figure(energy_j, promise.kind, promise.hardware),
    )
