"""What a user asks of a compilation, checked before anything long starts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from codesign.space.preset import Preset
from runtime.contract.errors import ConfigError

SEEDS = 2**32 - 1  # numpy's older generators take 32 bits, and one seed is used plus one


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `codesign compile`. Raises ConfigError on a value that cannot be meant."""

    data: str
    board: str
    device: Literal["gpu", "cpu"] = "gpu"
    space: str = "tiny"
    requests_per_s: float = 30.0
    max_accuracy_loss: float = 0.01  # against the full network
    max_latency_s: float | None = None  # worst case: a sample that runs through every stage
    energy: Literal["back_to_back", "served"] = "back_to_back"  # which of them is minimised
    supernet: str | None = None  # folder of a checkpoint
    epochs: int | None = None  # of the supernet; None: the preset's
    augment: Literal["none", "shift", "shift-flip"] | None = None  # None: see `augmentation`
    population: int | None = None
    generations: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.device not in ("gpu", "cpu"):
            raise ConfigError(f"unknown device {self.device!r}; use gpu or cpu")
        if not 0 < self.requests_per_s < 1e6:
            raise ConfigError(f"--request-rate must be above 0 per second, got {self.requests_per_s}")
        if not 0 <= self.max_accuracy_loss < 1:
            raise ConfigError(
                f"--max-accuracy-loss is a share between 0 and 1, got {self.max_accuracy_loss}",
                to_do="one percentage point is 0.01",
            )
        if self.max_latency_s is not None and not 0 < self.max_latency_s < math.inf:
            raise ConfigError(
                f"--max-latency-ms must be a number above 0, got {self.max_latency_s * 1e3:g}",
                to_do="leave it out where latency does not matter",
            )
        for name, least in (("epochs", 1), ("population", 4), ("generations", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"--{name} must be at least {least}, got {value}")
        if self.augment not in (None, "none", "shift", "shift-flip"):
            raise ConfigError(f"unknown augmentation {self.augment!r}; use none, shift or shift-flip")
        if not 0 <= self.seed < SEEDS:
            raise ConfigError(f"--seed must be from 0 to {SEEDS - 1}, got {self.seed}")

    @property
    def augmentation(self) -> str:
        """How training images are varied: as asked for, else mirrored and shifted; digits are not mirrored."""
        return self.augment or ("shift" if self.data == "digits" else "shift-flip")

    @property
    def checkpoint(self) -> Path | None:
        """Where a ready supernet lies, if one was given."""
        return None if self.supernet is None else Path(self.supernet)

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def budgeted(preset: Preset, settings: Settings) -> Preset:
    """The preset with what the user asked for instead of its own."""
    search = preset.search
    return replace(
        preset,
        training=replace(preset.training, augment=settings.augmentation),
        search=replace(
            search,
            population=settings.population or search.population,
            generations=settings.generations or search.generations,
        ),
    )
