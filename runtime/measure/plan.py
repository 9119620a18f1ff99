"""A measurement plan: which networks are measured, at which clocks, how often, and when that counts as done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import file_sha256, json_sha256
from runtime.contract.measurement import BACK_TO_BACK
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.tensor_spec import TensorSpec

PLAN_SCHEMA = "1.0"
AS_FOUND = "as_found"
REFUSE = "refuse"

Point = OperatingPoint | None  # None: the clocks are left as they are found


@dataclass(frozen=True, slots=True)
class Subject:
    """A network as the stages it is served in; one stage is a network without early exits."""

    id: str
    stages: tuple[str, ...]  # ONNX files relative to the plan's folder
    input: TensorSpec
    points: tuple[Point, ...] | None = None  # None: the plan's


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Until a window changes nothing any more: the temperature where it can be read, else the latency.

    A chip takes seconds to warm: in a short window even a steep rise would pass for steady.
    """

    window_runs: int = 20
    window_s: float = 0.5  # a window lasts at least this
    thermal_window_s: float = 3.0  # or this, where there is a thermometer
    temperature_step_c: float = 0.5
    latency_agreement: float = 0.01
    max_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Quality:
    """The reference subject is measured after every few tasks; what lies between two readings that differ is repeated.

    After ESM's quality control (reference models in each batch, 3 %).
    """

    every: int = 5
    max_spread: float = 0.03
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class EnergyRule:
    """Inferences are repeated in one window until the joules are known to `max_uncertainty`, or `max_s` is over."""

    max_uncertainty: float = 0.01
    max_s: float = 30.0
    idle_s: float = 1.0  # idle power is metered this long before


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. `reference` names one of the subjects."""

    subjects: tuple[Subject, ...]
    reference: str
    points: tuple[Point, ...] = (None,)
    without_clocks: str = REFUSE  # or "as_found": measure there, and say so in the record
    runs: int = 150
    keep: float = 0.6
    requests_per_s: float | None = None  # None: back to back
    threads: int = 1
    seed: int = 0
    warm_up: WarmUp = field(default_factory=WarmUp)
    quality: Quality = field(default_factory=Quality)
    energy: EnergyRule = field(default_factory=EnergyRule)

    @property
    def tasks(self) -> tuple[tuple[Subject, Point], ...]:
        """Every subject at every one of its points, in the plan's order."""
        return tuple(
            (subject, point)
            for subject in self.subjects
            for point in (self.points if subject.points is None else subject.points)
        )

    @property
    def load(self) -> str:
        """How inferences follow each other, in words."""
        return BACK_TO_BACK if self.requests_per_s is None else f"{self.requests_per_s:g} requests/s"

    def subject(self, name: str) -> Subject:
        """A subject by its id."""
        return next(subject for subject in self.subjects if subject.id == name)

    def to_json(self) -> dict[str, Any]:
        """The plan as a JSON object, every default spelt out."""
        subjects = []
        for subject in self.subjects:
            table: dict[str, Any] = {
                "id": subject.id,
                "stages": list(subject.stages),
                "input": subject.input.to_json(),
            }
            if subject.points is not None:
                table["points"] = [_point_json(point) for point in subject.points]
            subjects.append(table)
        return {
            "schema": PLAN_SCHEMA,
            "subjects": subjects,
            "points": [_point_json(point) for point in self.points],
            "without_clocks": self.without_clocks,
            "reference": self.reference,
            "runs": self.runs,
            "keep": self.keep,
            "load": BACK_TO_BACK if self.requests_per_s is None else {"requests_per_s": self.requests_per_s},
            "threads": self.threads,
            "seed": self.seed,
            "warm_up": asdict(self.warm_up),
            "quality": asdict(self.quality),
            "energy": asdict(self.energy),
        }


def fingerprint(plan: Plan, folder: Path) -> str:
    """SHA-256 of the plan and of every file it names, since a file may change under the same name.

    Raises:
        ConfigError: a stage file that is not there.
    """
    files: dict[str, str] = {}
    for number, subject in enumerate(plan.subjects):
        for index, name in enumerate(subject.stages):
            path = folder / name
            if not path.is_file():
                raise ConfigError(
                    f"there is no stage file {name!r}",
                    where=f"{folder}: subjects[{number}].stages[{index}]",
                    to_do="copy the whole folder of the plan",
                )
            files[name] = file_sha256(path)
    return json_sha256({"plan": plan.to_json(), "files": files})


def _point_json(point: Point) -> Any:
    return AS_FOUND if point is None else point.to_json()
