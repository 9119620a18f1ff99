"""What a user may say about the loop: how it samples, when it is content, when it gives up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from runtime.contract.errors import ConfigError

BALANCED, RANDOM = "balanced", "random"
SAMPLINGS = (BALANCED, RANDOM)


@dataclass(frozen=True, slots=True)
class LoopRules:
    """Sampling strategy, N_I, N_extra, bins, accuracy threshold and weights of ESM, and its quality control.

    Raises ConfigError on what cannot be.
    """

    sampling: str = BALANCED
    initial: int = 300
    extra: int = 100
    bins: int = 5
    bin_accuracy: float = 0.95  # 1 - mean relative error, which every bin must reach
    max_measurements: int = 4000  # designs to learn from; those of the test set are not counted
    test_per_bin: int = 20
    below: float = 0.8  # share of the extra designs that goes to bins below the accuracy asked for
    above: float = 0.2  # and to the others
    batch: int = 50  # designs between two looks at the reference designs
    references: int = 3
    max_spread: float = 0.03  # of a reference about its median over batches; beyond, the batch is repeated
    attempts: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sampling not in SAMPLINGS:
            raise ConfigError(f"unknown sampling {self.sampling!r}", to_do=f"use one of {', '.join(SAMPLINGS)}")
        for name in ("initial", "extra", "bins", "test_per_bin", "batch", "references", "attempts"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be at least 1, got {value}")
        if self.max_measurements < self.initial:
            raise ConfigError(
                f"max_measurements={self.max_measurements} is less than the {self.initial} initial ones",
                to_do="give more, or a smaller --initial",
            )
        if not 0.0 < self.bin_accuracy < 1.0:
            raise ConfigError(f"bin_accuracy must be between 0 and 1, got {self.bin_accuracy}", to_do="give e.g. 0.95")
        if not (self.below >= 0.0 and self.above >= 0.0 and self.below + self.above > 0.0):
            raise ConfigError(f"weights must be at least 0, and one above: got {self.below} and {self.above}")
        if not self.max_spread > 0.0:
            raise ConfigError(f"max_spread must be above 0, got {self.max_spread}")
        if self.seed < 0:
            raise ConfigError(f"seed must be at least 0, got {self.seed}")

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)
