"""What a user asks of a compilation, checked before anything long starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from codesign.space.preset import Preset
from runtime.contract.errors import ConfigError
from runtime.contract.exit_score import ENTROPY, known_score
from runtime.contract.precision import FP32, PRECISIONS

SEEDS = 2**32 - 1  # numpy's older generators take 32 bits, and one seed is used plus one

LATER: Mapping[str, Any] = {  # options of later versions, their defaults
    "precision": FP32,
    "precision_change": 0.005,
    "finetune": False,
    "finetune_epochs": 14,
    "front": None,
    "front_epochs": 24,
    "predictor": None,
    "measure_uncertain": 8,
    "foresee": False,
    "min_accuracy": None,
    "max_mean_latency_s": None,
    "max_p99_latency_s": None,
    "max_energy_j": None,
    "max_memory_bytes": None,
    "max_size_bytes": None,
    "min_images_per_s": None,
    "batch": 1,
    "score": ENTROPY,
    "left_out_clocks": [],  # as JSON writes it
    "warm_start": None,
    "strategy": "house",
    "left_out_genes": [],
}

LIMITS = {  # option of each, and how many of its unit make one of SI
    "max_latency_s": ("--max-latency-ms", 1e3),
    "max_mean_latency_s": ("--max-mean-latency-ms", 1e3),
    "max_p99_latency_s": ("--max-p99-latency-ms", 1e3),
    "max_energy_j": ("--max-energy-mj", 1e3),
    "max_memory_bytes": ("--max-memory-mb", 1e-6),
    "max_size_bytes": ("--max-size-mb", 1e-6),
    "min_images_per_s": ("--min-throughput", 1.0),
}


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
    max_mean_latency_s: float | None = None
    max_p99_latency_s: float | None = None
    max_energy_j: float | None = None  # of the kind that is minimised
    max_memory_bytes: float | None = None
    max_size_bytes: float | None = None
    min_images_per_s: float | None = None  # at `batch`
    batch: int = 1
    min_accuracy: float | None = None  # on `select`
    left_out_clocks: tuple[str, ...] = ()  # see `left_out.py`
    energy: Literal["back_to_back", "served"] = "back_to_back"  # which of them is minimised
    epsilon: float = 0.01  # share of images that the certified mode may harm
    delta: float = 0.1  # 1 - confidence of that
    score: str = ENTROPY  # how unsure an exit is, one of `contract.exit_score`
    models: tuple[str, ...] = ()  # trained networks of the user's own, instead of a supernet
    calibration: str | None = None  # images that those have never seen
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)  # of images scaled to 0-1; those of the user's networks
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    size: tuple[int, int] | None = None  # height and width, where the networks leave them open
    layout: Literal["NCHW", "NHWC"] | None = None  # likewise
    head_epochs: int = 16  # of the heads of the user's networks
    finetune: bool = False  # train the user's networks on together with their exits
    finetune_epochs: int = 14
    front: Literal["distil"] | None = None  # a small network to train from the user's one and to put before it
    front_epochs: int = 24
    precision: Literal["fp32", "fp16", "int8", "mixed"] = "fp32"  # of what is deployed
    precision_change: float = 0.005  # mixed: share of answers that quantising may change, as predicted
    supernet: str | None = None  # folder of a checkpoint
    predictor: str | None = None  # of whole backbones' costs: a fit's folder, or its file
    measure_uncertain: int = 8  # backbones near the front measured to fit it again
    epochs: int | None = None  # of the supernet; None: the preset's
    augment: Literal["none", "shift", "shift-flip"] | None = None  # None: see `augmentation`
    population: int | None = None
    generations: int | None = None
    warm_start: str | None = None  # a run folder, or its archive, to take evaluations from
    foresee: bool = False  # evaluate only backbones whose predicted accuracy is worth it
    strategy: str = "house"  # of the outer search, see `outer_step.py`
    left_out_genes: tuple[str, ...] = ()  # see `narrowed_choices`
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
        for name, (option, per_si) in LIMITS.items():
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < math.inf:
                what = option.removeprefix("--max-").removeprefix("--min-").split("-")[0]
                raise ConfigError(
                    f"{option} must be a number above 0, got {limit * per_si:g}",
                    to_do=f"leave it out where {what} does not matter",
                )
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise ConfigError(
                f"--min-accuracy is a share between 0 and 1, got {self.min_accuracy}", to_do="90 per cent is 0.9"
            )
        for name in ("epsilon", "delta"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(
                    f"--{name} is a share between 0 and 1, got {getattr(self, name)}",
                    to_do="one percentage point is 0.01",
                )
        if self.models and self.supernet is not None:
            raise ConfigError("--model and --supernet exclude each other", to_do="give one of them")
        if self.models and self.warm_start is not None:
            raise ConfigError("--from is for backbones of a supernet", to_do="leave it out, or --model")
        if self.finetune and not self.models:
            raise ConfigError(
                "--finetune is for networks of your own", to_do="give some with --model; a supernet is trained anyway"
            )
        if self.front not in (None, "distil"):
            raise ConfigError(f"unknown front {self.front!r}; use distil")
        if self.front is not None and len(self.models) != 1:
            raise ConfigError(
                f"--front is for one network of your own, {len(self.models)} were given",
                to_do="give the large one with --model; several networks make a chain without it",
            )
        if self.predictor is not None and (self.models or self.precision != FP32):
            raise ConfigError(
                "--predictor is for backbones of a supernet in FP32", to_do="leave it out, or --model and --precision"
            )
        finite = all(math.isfinite(value) for value in (*self.mean, *self.std))
        if len(self.mean) != 3 or len(self.std) != 3 or not finite or not min(self.std) > 0:
            raise ConfigError(
                f"--mean and --std need three numbers each, std above 0; got {self.mean} and {self.std}",
                to_do="for ImageNet's: --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
            )
        if self.size is not None and min(self.size) < 1:
            raise ConfigError(f"--size must be at least one pixel each way, got {self.size[0]}x{self.size[1]}")
        if self.layout not in (None, "NCHW", "NHWC"):
            raise ConfigError(f"unknown layout {self.layout!r}; use NCHW or NHWC")
        for name, least in (
            ("epochs", 1),
            ("head_epochs", 1),
            ("finetune_epochs", 1),
            ("front_epochs", 1),
            ("population", 4),
            ("measure_uncertain", 0),
            ("generations", 1),
            ("batch", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"--{name.replace('_', '-')} must be at least {least}, got {value}")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"unknown precision {self.precision!r}; use one of {', '.join(PRECISIONS)}")
        if not 0 <= self.precision_change <= 1:
            raise ConfigError(
                f"--precision-change is a share between 0 and 1, got {self.precision_change}",
                to_do="one answer in a hundred is 0.01",
            )
        known_score(self.score)
        if self.foresee and self.strategy != "house":
            raise ConfigError(
                f"--foresee is for the house engine, not for --strategy {self.strategy}", to_do="leave one of them out"
            )
        if self.models and (self.strategy != "house" or self.left_out_genes):
            raise ConfigError(
                "--strategy and --leave-out are for a search among backbones; of networks of your own every chain is "
                "solved",
                to_do="leave them out, or --model",
            )
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
        """The same as a JSON object, lists as JSON reads them back: a resumed run is compared with what was written.

        Options that came later are left out at their defaults: what they are not used for keeps its name.
        """
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Settings:
        """Read what `to_json` wrote."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
        }
        return cls(**values)


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
