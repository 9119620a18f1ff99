"""What one compilation found, as frozen values in SI units and fractions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .limits import LimitRow
from .measured import Measured
from .precision import Precision
from .predictor import SearchPredictor
from .robustness import Robustness
from .search_told import SearchTold


@dataclass(frozen=True, slots=True)
class Split:
    """How many images a split holds, in all and of each class."""

    name: str
    n: int
    class_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """The data set and its disjoint splits."""

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Split]
    imbalance: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What the costs speak of."""

    name: str
    device: str
    hardware: str
    operating_points: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for."""

    request_rate_hz: float
    max_accuracy_loss: float
    max_latency_s: float | None
    seed: int
    energy_objective: str


@dataclass(frozen=True, slots=True)
class FullNetwork:
    """The network that every accuracy loss is counted against."""

    accuracy: float
    split: str
    macs: float
    design: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One way of running the task, with what it costs. `served_energy_j` is None where the rate cannot be served."""

    name: str
    mode: str
    accuracy: float
    accuracy_kind: Kind
    energy_j: float
    served_energy_j: float | None
    energy_kind: Kind
    latency_s: float
    split: str
    operating_point: OperatingPoint
    design: str
    macs: float

    @property
    def waiting_j(self) -> float | None:
        """Joules per request that the board draws between requests: served less back to back, never negative."""
        return None if self.served_energy_j is None else max(self.served_energy_j - self.energy_j, 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a mode did on one split. `harm`: share of images the full network gets right and the policy wrong."""

    accuracy: float
    energy_j: float
    served_energy_j: float | None
    latency_s: float
    worst_latency_s: float
    harm: float | None


@dataclass(frozen=True, slots=True)
class Exit:
    """A place to leave. `label` is `<backbone> · <cut>`; `macs` counts everything run up to and including it."""

    stage: int
    label: str
    select_share: float
    test_share: float
    accuracy_of_leavers: float | None
    macs: float

    @property
    def backbone(self) -> str:
        """Which backbone of the chain the stage belongs to."""
        return self.label.split(" · ", maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class on the test split: n images, accuracy of the full network and of the policy."""

    name: str
    n: int
    full: float | None  # None where the class has no test image
    policy: float | None


@dataclass(frozen=True, slots=True)
class ModeResult:
    """One way to run the bundle and what came of it. A threshold of None never lets an image leave."""

    name: str
    default: bool
    design: str
    description: str
    operating_point: OperatingPoint
    thresholds_nats: tuple[float | None, ...]
    select: Outcome
    test: Outcome
    exits: tuple[Exit, ...]
    per_class: tuple[ClassAccuracy, ...]

    @property
    def macs(self) -> float:
        """Mean multiply-accumulates per test image."""
        return sum(exit_.test_share * exit_.macs for exit_ in self.exits)


@dataclass(frozen=True, slots=True)
class Point:
    """A design at its clocks, in the plane that the fronts are drawn in."""

    accuracy: float
    energy_j: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Fronts:
    """Best trade-offs of each family of designs, and the cloud they were picked from."""

    split: str
    kind: Kind
    static: tuple[Point, ...]
    single: tuple[Point, ...]
    chain: tuple[Point, ...]
    searched: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """A design and the share of energy it saves against the cheapest static network at least as accurate."""

    energy_j: float
    accuracy: float
    saving_vs_static: float


@dataclass(frozen=True, slots=True)
class Generation:
    """The search after one generation."""

    generation: int
    evaluations: int
    hypervolume: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked before the bundle was handed over."""

    cut_vs_uncut_max_abs_difference: float
    golden_samples: int
    bundle_id: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everything the page shows."""

    created: str
    command: str
    tool_version: str
    machine: str
    data: Data
    board: Board
    settings: Settings
    full_network: FullNetwork
    bars: Mapping[str, Bar]
    oracle: Bar
    macs_static: float
    macs_exits: float
    certificate: Mapping[str, Any] | None
    modes: tuple[ModeResult, ...]
    fronts: Fronts
    gain_single: Gain | None
    gain_chain: Gain | None
    history: tuple[Generation, ...]
    timing_s: Mapping[str, float]
    peak_memory_bytes: float
    verification: Verification
    measured: Measured | None = None
    robustness: Robustness | None = None
    precision: Precision | None = None
    predictor: SearchPredictor | None = None
    search: SearchTold | None = None
    limits: tuple[LimitRow, ...] | None = None

    @property
    def default_mode(self) -> ModeResult:
        """The mode a board runs unless told otherwise."""
        return next(mode for mode in self.modes if mode.default)
