"""Costs of networks as measured: plans of one-stage networks, carried out by `edge-runtime measure`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from codesign.predict.fitting.measurer import Readings, Tick
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from runtime.contract.measurement import Measurement
from runtime.contract.operating_point import OperatingPoint
from runtime.measure.plan import AS_FOUND, Plan, Subject, WarmUp, fingerprint
from runtime.measure.records_file import read_records

from .fit_networks import FitNetworks
from .measure_far import run_plan_where_reached
from .measure_run import PLAN, Programs
from .measure_target import MeasureTarget
from .run_folder import write_text

LATENCY, ENERGY = "latency", "energy"
ID_LETTERS = 16  # of a plan's fingerprint
# Networks of a few milliseconds follow each other without pause, so that the chip is warm after the first of them:
# what each needs is its own caches filled, and a machine that does not slow down while it is timed.
WARM_UP = WarmUp(window_runs=10, window_s=0.05, thermal_window_s=0.2, latency_agreement=0.02, max_s=5.0)


@dataclass(slots=True)
class MeasuredCosts:
    """A Measurer on this machine or a board; each batch is a plan of its own in `folder`, and can be gone on with."""

    networks: FitNetworks
    target: MeasureTarget
    cost: str  # LATENCY or ENERGY
    folder: Path
    passes: int = 1  # how often each batch is measured, minutes apart
    rules: Mapping[str, Any] = field(default_factory=dict)  # changes to the plan's own
    programs: Programs = field(default_factory=Programs)
    point: OperatingPoint | None = None  # None: at clocks as found
    on: str | None = None  # machine and engine, once a batch has told

    @property
    def kind(self) -> Kind:
        """Measured."""
        return Kind.MEASURED

    @property
    def hardware(self) -> str:
        """Machine and engine; before the first batch, where it is."""
        return self.on or str(self.target)

    def measure(self, designs: IntArray, references: IntArray, batch: int, attempt: int, tick: Tick) -> Readings:
        """Measure one batch; its networks are written, timed and removed again.

        Of several passes the lowest counts, since other programs only ever add to a cost, and a design is noisy where
        no second pass confirms it. With one pass the records say what is noisy.

        Raises:
            BoardError: the board cannot be reached, measuring fails there, or joules are asked for and not metered.
        """
        names = [f"design-{number}" for number in range(len(designs))]
        of_references = [f"reference-{number}" for number in range(len(references))]
        everything = np.concatenate([references, designs])
        costs, latencies_s, noisy = [], [], []
        for number in range(self.passes):
            plan = self._plan((*of_references, *names), seed=number)

            def counted(done: int, of: int, note: str, before: int = number) -> None:
                tick(before * of + done, self.passes * of, note)

            found = self._carried_out(plan, everything, f"batch-{batch}-{attempt}-{number}", counted)
            costs.append([self._cost(found[subject.id]) for subject in plan.subjects])
            latencies_s.append([found[subject.id].prefixes[-1].latency.mean_s for subject in plan.subjects])
            noisy.append([found[subject.id].noisy for subject in plan.subjects])
        max_spread = self._plan(tuple(names), seed=0).quality.max_spread
        lowest, alone = lowest_pass(np.array(costs), max_spread)
        latency_s, _ = lowest_pass(np.array(latencies_s), max_spread)
        if self.passes == 1:
            alone = np.array(noisy[0], dtype=bool)
        count = len(references)
        return Readings(lowest[count:], latency_s[count:], alone[count:], lowest[:count])

    def _carried_out(self, plan: Plan, genomes: IntArray, name: str, tick: Tick) -> dict[str, Measurement]:
        plan_folder = self.folder / name
        self._write(plan_folder, plan, genomes)
        records_path = plan_folder.with_suffix(".jsonl")
        plan_id = fingerprint(plan, plan_folder)[:ID_LETTERS]
        run_plan_where_reached(self.target, plan_folder, plan_id, records_path, tick, self.programs, tidy=True)
        shutil.rmtree(plan_folder)  # megabytes a batch; the genomes are kept, and make the same networks again
        records = read_records(records_path)
        self.on = records.header.on
        return {record.subject: record for record in records.measurements}

    def _plan(self, names: tuple[str, ...], seed: int) -> Plan:
        spec = self.networks.input
        points = None if self.point is None else (self.point,)
        subjects = tuple(Subject(name, (f"{name}.onnx",), spec, points) for name in names)
        rules: dict[str, Any] = {"warm_up": WARM_UP, "seed": seed} | dict(self.rules)
        return Plan(subjects, reference=names[0], without_clocks=AS_FOUND, **rules)

    def _write(self, plan_folder: Path, plan: Plan, genomes: IntArray) -> None:
        shutil.rmtree(plan_folder, ignore_errors=True)
        plan_folder.mkdir(parents=True)
        for subject, genome in zip(plan.subjects, genomes, strict=True):
            model = self.networks.network(genome)
            (plan_folder / subject.stages[0]).write_bytes(model.SerializeToString())
        write_text(plan_folder / PLAN, json.dumps(plan.to_json(), indent=1) + "\n")

    def _cost(self, record: Measurement) -> float:
        """Latency as ESM takes it, the mean of the middle share of the runs; or joules of one inference."""
        last = record.prefixes[-1]
        if self.cost == LATENCY:
            return last.latency.mean_s
        if last.energy is None:
            raise BoardError(
                f"no energy could be metered: {record.why_no_energy}",
                where=str(self.target),
                to_do="run `edge-runtime doctor` there, or use --cost latency",
            )
        return last.energy.energy_j


def lowest_pass(costs: FloatArray, max_spread: float) -> tuple[FloatArray, BoolArray]:
    """The lowest of several passes, and whether the one after it is more than `max_spread` above.

    Args:
        costs: (passes, designs).
    Returns:
        Both (designs,); a single pass is never confirmed.
    """
    ordered = np.sort(costs, axis=0)
    if len(ordered) == 1:
        return ordered[0], np.ones(costs.shape[1], dtype=bool)
    return ordered[0], ordered[1] > (1.0 + max_spread) * ordered[0]
