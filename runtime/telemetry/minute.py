"""What is added up over a minute of one mode, and the row that it becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import Value

from .inference import Circumstances, Inference, ServedAs


@dataclass(slots=True)
class Minute:
    """Sums over the images of one mode, so that minutes can be added."""

    exits: list[int]
    images: int = 0
    entropy_nats: float = 0.0
    run_s: float = 0.0
    latency_s: float = 0.0
    latency_most_s: float = 0.0
    energy_j: float = 0.0
    energy_images: int = 0
    promised_j: float = 0.0
    promised_s: float = 0.0

    def add(self, inference: Inference) -> None:
        """One more image."""
        served, exit_index = inference.served, inference.exit_index
        self.exits[exit_index] += 1
        self.images += 1
        if math.isfinite(inference.entropy_nats):
            self.entropy_nats += inference.entropy_nats
        self.run_s += inference.run_s
        self.latency_s += inference.latency_s
        self.latency_most_s = max(self.latency_most_s, inference.latency_s)
        self.promised_j += served.promised_j[exit_index]
        self.promised_s += served.promised_s[exit_index]
        if inference.energy_j is not None and served.comparable:
            self.energy_j += inference.energy_j
            self.energy_images += 1

    def row(
        self,
        served: ServedAs,
        *,
        at_s: float,
        seconds: float,
        refused: int,
        board_j: float | None,
        hottest_c: float | None,
        last: Circumstances,
    ) -> dict[str, Value]:
        """As a row of class `aggregate`."""
        return {
            "at_us": micro(at_s),
            "seconds_us": micro(seconds),
            "bundle_id": served.bundle_id,
            "mode": served.mode,
            "exits": ",".join(map(str, self.exits)),
            "images": self.images,
            "refused": refused,
            "entropy_unats": micro(self.entropy_nats),
            "run_us": micro(self.run_s),
            "latency_us": micro(self.latency_s),
            "latency_most_us": micro(self.latency_most_s),
            "energy_uj": micro(self.energy_j) if self.energy_images else None,
            "energy_images": self.energy_images,
            "energy_kind": served.energy_kind,
            "board_uj": None if board_j is None else micro(board_j),
            "promised_uj": micro(self.promised_j),
            "promised_us": micro(self.promised_s),
            "applied_khz": khz(last.applied),
            "temperature_mc": milli(hottest_c),
            "throttled": last.throttled,
        }


def micro(value: float) -> int:
    """Millionths of whatever it is."""
    return round(value * 1e6)


def milli(celsius: float | None) -> int | None:
    """Thousandths of a degree."""
    return None if celsius is None else round(celsius * 1e3)


def khz(point: OperatingPoint | None) -> str | None:
    """cpu/gpu/emc."""
    if point is None:
        return None
    return f"{point.cpu_hz // 1000}/{point.gpu_hz // 1000}/{point.emc_hz // 1000}"
