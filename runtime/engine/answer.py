"""What a bundle says about one image."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Answer:
    """The class, how sure, which exit said so, and how long it took."""

    label: str
    class_index: int
    probabilities: FloatArray  # (classes,), sum to one
    exit_index: int
    entropy_nats: float  # of the exit that answered
    latency_s: float  # from the image's arrival, preprocessing included; in a batch, until the stage it left at had run
