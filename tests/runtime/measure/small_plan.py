"""A plan with small networks on disk, a clock that steps by hand, and hardware that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from runtime.boards.clocks import Applied, ClockRefused, ClockSnapshot
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.energy.energy import Energy
from runtime.measure.apparatus import Apparatus
from runtime.measure.plan import EnergyRule, Plan, Quality, Subject, WarmUp
from runtime.measure.time_source import TimeSource
from tests.tiny_cascade import SPEC, fresh_stage, trunk_stages

SLOW = OperatingPoint(cpu_hz=800_000_000, gpu_hz=300_000_000, emc_hz=665_600_000)
FAST = OperatingPoint(cpu_hz=1_500_000_000, gpu_hz=600_000_000, emc_hz=2_133_000_000)
QUICK = {
    "runs": 10,
    "warm_up": WarmUp(window_runs=2, window_s=0.0, thermal_window_s=0.0, max_s=3600.0),
    "quality": Quality(every=2, attempts=2),
    "energy": EnergyRule(max_s=0.5, idle_s=0.1),
}


def plain_network() -> bytes:
    """A network that is no stage: logits only."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 12, 16])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def write_networks(folder: Path) -> None:
    """`chain/0-2.onnx`, `lone.onnx` and `plain.onnx`."""
    (folder / "chain").mkdir(parents=True, exist_ok=True)
    for number, model in enumerate(trunk_stages()):
        (folder / "chain" / f"{number}.onnx").write_bytes(model)
    (folder / "lone.onnx").write_bytes(fresh_stage())
    (folder / "plain.onnx").write_bytes(plain_network())


CHAIN = Subject("chain", tuple(f"chain/{k}.onnx" for k in range(3)), SPEC)
LONE = Subject("lone", ("lone.onnx",), SPEC)
PLAIN = Subject("plain", ("plain.onnx",), SPEC)


def small_plan(*subjects: Subject, **changes: Any) -> Plan:
    """A plan over the networks of `write_networks`."""
    return Plan(subjects or (CHAIN, LONE, PLAIN), **{"reference": (subjects or (CHAIN,))[0].id, **QUICK, **changes})


class HandTime:
    """Every look at the clock takes `step_s`; sleeping takes what it is told."""

    def __init__(self, step_s: float | Callable[[], float] = 1e-3) -> None:
        self.at_s = 0.0
        self.slept_s: list[float] = []
        self.on_cpu = 1.0  # share of the time that the thread has a processor
        self._step_s = step_s if callable(step_s) else lambda: step_s

    def now_s(self) -> float:
        self.at_s += self._step_s()
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.at_s += seconds

    @property
    def source(self) -> TimeSource:
        return TimeSource(self.now_s, self.sleep, lambda: "2026-01-01T00:00:00+00:00", lambda: self.at_s * self.on_cpu)


class HandMeter:
    """A meter of `watts` on the time of a `HandTime`; windows shorter than `least_s` are not known."""

    def __init__(self, time: HandTime, watts: float = 5.0, uncertainty_j: float = 1e-3, least_s: float = 0.0) -> None:
        self._time, self._watts, self._uncertainty_j, self._least_s = time, watts, uncertainty_j, least_s
        self.spans_s: list[float] = []

    @contextmanager
    def window(self) -> Iterator[HandWindow]:
        window = HandWindow()
        start_s = self._time.at_s
        yield window
        span_s = self._time.at_s - start_s
        self.spans_s.append(span_s)
        if span_s >= self._least_s:
            joules = self._watts * span_s
            window.found = Energy(joules, self._uncertainty_j, span_s, 9, "VDD_IN", "by hand", 0.04, Kind.MEASURED)


class HandWindow:
    """A window whose joules were put there."""

    found: Energy | None = None

    def energy(self) -> Energy | None:
        return self.found


class HandThermometer:
    """Reads what it is given, the last again and again."""

    def __init__(self, *readings_c: float | None) -> None:
        self._readings_c = list(readings_c)

    def read_c(self) -> float | None:
        return self._readings_c.pop(0) if len(self._readings_c) > 1 else self._readings_c[0]


class HandClocks:
    """Two operating points, switched at once."""

    def __init__(self) -> None:
        self.held = FAST
        self.asked: list[OperatingPoint] = []

    def choices(self) -> tuple[OperatingPoint, ...]:
        return SLOW, FAST

    def current(self) -> OperatingPoint:
        return self.held

    def set(self, point: OperatingPoint) -> Applied:
        self.asked.append(point)
        if point not in self.choices():
            raise ClockRefused(point, self.held, self.choices())
        self.held = point
        return Applied(point, point, took_s=0.0)

    def snapshot(self) -> ClockSnapshot:
        return ClockSnapshot(tuple((name, str(hz)) for name, hz in self.held.to_json().items()))

    def restore(self, snapshot: ClockSnapshot) -> None:
        self.held = OperatingPoint.from_json({name: int(hz) for name, hz in snapshot.values})


def apparatus(**changes: Any) -> Apparatus:
    """Nothing but a machine with a name."""
    return Apparatus(**{"machine": "test machine", **changes})


def rng_steps(seed: int, step_s: float, jitter: float) -> Callable[[], float]:
    """Steps that vary."""
    rng = np.random.default_rng(seed)
    return lambda: step_s * (1.0 + jitter * rng.standard_normal())
