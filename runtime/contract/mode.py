"""One way to run a bundle: a design, its thresholds, its clocks, and what is expected of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import BundleError
from .exit_policy import ExitPolicy
from .exit_score import SCORES
from .expected_answers import ExpectedAnswers
from .figure import Figure
from .operating_point import OperatingPoint

EXPECTATIONS = ("accuracy", "energy_j", "served_energy_j", "latency_s", "worst_latency_s", "requests_per_s")


@dataclass(frozen=True, slots=True)
class Mode:
    """A row of `policy.json`. Thresholds of minus infinity (never leave) are written as null: JSON has no infinity."""

    name: str
    design: str  # folder under designs/
    policy: ExitPolicy
    operating_point: OperatingPoint
    precision: str = "fp32"
    expected: Mapping[str, Figure] = field(default_factory=dict)  # of EXPECTATIONS; an unknown one is left out
    exit_shares: tuple[float, ...] = ()  # expected share of images that leave at each exit, on the select split
    certificate: Mapping[str, Any] | None = None  # until one is issued: None, never a made-up one
    expected_answers: ExpectedAnswers | None = None  # of earlier versions: None, so drift cannot be told

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "name": self.name,
            "design": self.design,
            "score": {"name": self.policy.score, "temperature": 1.0},
            "thresholds_nats": [None if math.isinf(t) and t < 0 else t for t in self.policy.thresholds_nats],
            "operating_point": self.operating_point.to_json(),
            "precision": self.precision,
            "expected": {name: figure.to_json() for name, figure in self.expected.items()},
            "exit_shares": list(self.exit_shares),
            "certificate": None if self.certificate is None else dict(self.certificate),
            "expected_answers": None if self.expected_answers is None else self.expected_answers.to_json(),
        }

    @classmethod
    def from_json(cls, table: dict[str, Any], where: str) -> Mode:
        """Read what `to_json` wrote. Raises BundleError on a missing key or a score this version does not know."""
        try:
            score = table["score"]
            if score["name"] not in SCORES or float(score["temperature"]) != 1.0:
                raise BundleError(f"unknown exit score {score}", where=where, to_do="update edge-codesign on the board")
            return cls(
                name=str(table["name"]),
                design=str(table["design"]),
                policy=ExitPolicy(
                    tuple(-math.inf if t is None else float(t) for t in table["thresholds_nats"]), score["name"]
                ),
                operating_point=OperatingPoint.from_json(table["operating_point"]),
                precision=str(table["precision"]),
                expected={name: Figure.from_json(figure) for name, figure in table["expected"].items()},
                exit_shares=tuple(float(share) for share in table["exit_shares"]),
                certificate=table["certificate"],
                expected_answers=None
                if table.get("expected_answers") is None
                else ExpectedAnswers.from_json(table["expected_answers"], where),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(
                f"a mode cannot be read: {error!r}", where=where, to_do="compile the bundle again"
            ) from error
