"""What a bundle says about one image."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.arrays import FloatArray
from runtime.contract.entropy import softmax


@dataclass(frozen=True, slots=True)
class Answer:
    """The class, how sure, which exit said so, and how long it took."""

    label: str
    class_index: int
    logits: FloatArray  # (classes,)
    exit_index: int
    entropy_nats: float  # of the exit that answered
    latency_s: float  # from the image's arrival, preprocessing included; in a batch, until the stage it left at had run

    @property
    def probabilities(self) -> FloatArray:
        """(classes,), sum to one. Computed when asked for: few ask, and it takes as long as a small stage."""
        probabilities: FloatArray = softmax(self.logits[None])[0]
        return probabilities
