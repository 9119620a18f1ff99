"""What a mode of a bundle does to labelled images, by the stages and the policy that will serve it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.errors import DataError
from runtime.data.labelled import LabelledImages
from runtime.engine.bundle import open_bundle

BATCH = 64


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Means per image. Energy and latency are the bundle's promise for the exits that were taken."""

    mode: str
    images: int
    accuracy: float
    expected_accuracy: float | None
    exit_shares: tuple[float, ...]
    energy_j: float
    latency_s: float
    cost_kind: str
    hardware: str

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"accuracy_kind": "measured"}


def evaluate_mode(bundle: Path, mode: str, data: LabelledImages) -> Evaluation:
    """Run all images through one mode in batches, from which sure samples leave between stages.

    Raises:
        BundleError, ConfigError, EngineError: as opening and running a bundle do (no such mode: ConfigError).
        DataError: there are no images.
    """
    if len(data) == 0:
        raise DataError("there are no images to evaluate on", to_do="give at least one labelled image")
    engine = open_bundle(bundle, mode)
    answers = [
        answer
        for start in range(0, len(data.labels), BATCH)
        for answer in engine.infer_batch(data.images[start : start + BATCH])
    ]
    taken = np.asarray([answer.exit_index for answer in answers])
    given = np.asarray([answer.class_index for answer in answers])
    stages, promise = engine.mode.policy.stages, engine.promise
    expected = engine.mode.expected.get("accuracy")
    return Evaluation(
        mode=mode,
        images=len(answers),
        accuracy=float((given == data.labels).mean()),
        expected_accuracy=None if expected is None else expected.value,
        exit_shares=tuple(float(share) for share in np.bincount(taken, minlength=stages) / len(taken)),
        energy_j=float(np.mean([promise.energy_j(int(exit_index)) for exit_index in taken])),
        latency_s=float(np.mean([promise.latency_s(int(exit_index)) for exit_index in taken])),
        cost_kind=promise.kind.value,
        hardware=promise.hardware,
    )
