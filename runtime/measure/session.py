"""Carries out a plan: every task in random order, in batches that the reference subject vouches for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from runtime.contract.errors import BoardError
from runtime.contract.measurement import Measurement, ReferenceReading
from runtime.contract.operating_point import OperatingPoint
from runtime.engine.provider import ON_CPU, Provider

from .apparatus import Apparatus
from .batch import measure_batch
from .network import Network, load_network
from .plan import REFUSE, Plan, Point, Subject
from .records_file import RecordsFile
from .task import Attempt, Half, joined, measure_half, reference_latency
from .time_source import TimeSource

Task = tuple[Subject, Point]
Tick = Callable[[int, int, str], None]  # tasks done, of, what comes next


@dataclass(frozen=True, slots=True)
class Summary:
    """How a session ended."""

    measured: int  # tasks of this session
    kept: int  # tasks that an earlier session had done
    noisy: tuple[str, ...]  # "subject at point: why", of the whole file


def carry_out(
    plan: Plan,
    folder: Path,
    apparatus: Apparatus,
    file: RecordsFile,
    *,
    time: TimeSource,
    tick: Tick,
    provider: Provider = ON_CPU,
) -> Summary:
    """Measure what the file does not hold yet.

    A batch is written once the reference was measured after it. An interruption loses the batch at hand and nothing
    else; the clocks return as they were found.

    Raises:
        BoardError: the plan asks for clocks that this machine does not offer.
        ConfigError: ONNX Runtime was built without the provider.
        EngineError, StorageError: a network cannot be loaded or run, or not on that provider.
    """
    check_points(plan, apparatus)
    done = file.records.done
    kept = sum((subject.id, point) in done for subject, point in plan.tasks)
    todo = [task for task in _shuffled(plan) if (task[0].id, task[1]) not in done]
    if todo:
        load = partial(load_network, folder=folder, threads=plan.threads, seed=plan.seed, provider=provider)
        _measure_all(todo, kept, plan, load, apparatus, file, time, tick)
    tick(kept + len(todo), kept + len(todo), "done")
    noisy = tuple(noise_of(record) for record in file.records.measurements if record.noisy)
    return Summary(len(todo), kept, noisy)


def _measure_all(
    todo: Sequence[Task],
    kept: int,
    plan: Plan,
    load: Callable[[Subject], Network],
    apparatus: Apparatus,
    file: RecordsFile,
    time: TimeSource,
    tick: Tick,
) -> None:
    total, measured = kept + len(todo), file.records.measurements
    reference = load(plan.subject(plan.reference))
    reference_point = _reference_point(plan)

    def read_reference() -> float:
        tick(len(measured), total, f"reference {plan.reference}")
        latency_s = reference_latency(reference, reference_point, plan, apparatus, time)
        file.add(ReferenceReading(latency_s, time.now_s(), time.wall()))
        return latency_s

    read_reference()
    for first in range(0, len(todo), plan.quality.every):
        batch = todo[first : first + plan.quality.every]

        def half(number: int, attempt: int, second: bool, batch: Sequence[Task] = batch) -> Half:
            subject, point = batch[number]
            tick(len(measured), total, named(subject.id, point) + ("" if attempt == 1 else f", attempt {attempt}"))
            return measure_half(load(subject), point, plan, apparatus, time, metered=second)

        def join(number: int, first: Half, second: Half, batch: Sequence[Task] = batch) -> Attempt:
            subject, point = batch[number]
            return joined(subject.id, point, first, second, plan, apparatus, time)

        references_s = file.records.references_s
        for record in measure_batch(len(batch), half, join, read_reference, references_s, plan.quality):
            file.add(record)


def check_points(plan: Plan, apparatus: Apparatus) -> None:
    """Refuse clocks that are not to be had before anything long starts, unless the plan takes those found instead.

    Raises:
        BoardError: no clock can be set here, or a point is not among those on offer.
    """
    wanted = {point for _, point in plan.tasks if point is not None}
    if not wanted or plan.without_clocks != REFUSE:
        return
    if apparatus.clocks is None:
        raise BoardError(
            "the plan asks for clocks, and this machine's cannot be set",
            where=apparatus.machine,
            to_do='`edge-runtime doctor` tells why; or write "without_clocks": "as_found" into the plan, '
            "and the records will say so",
        )
    if strangers := wanted - set(apparatus.clocks.choices()):
        raise BoardError(
            f"this machine does not offer the clocks {min(strangers)}",
            where=apparatus.machine,
            to_do="run `edge-runtime doctor` for those on offer, and mend the plan's points",
        )


def noise_of(record: Measurement) -> str:
    """A noisy record in one line."""
    return f"{named(record.subject, record.requested)}: {'; '.join(record.why_noisy)}"


def _shuffled(plan: Plan) -> list[Task]:
    """In random order, so that a drift does not look like a difference between subjects."""
    order = np.random.default_rng(plan.seed).permutation(len(plan.tasks))
    return [plan.tasks[i] for i in order]


def _reference_point(plan: Plan) -> Point:
    """Where the reference is measured: at clocks as found if any task is, else at the fastest of the plan's points."""
    points: list[OperatingPoint] = []
    for _, point in plan.tasks:
        if point is None:
            return None
        points.append(point)
    return max(points, key=lambda point: (point.gpu_hz, point.cpu_hz, point.emc_hz))


def named(name: str, point: Point) -> str:
    """A task in words."""
    return f"{name} at {'the clocks found' if point is None else point}"
