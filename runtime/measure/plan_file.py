"""Reads a measurement plan from its JSON file, strictly: what is unknown, missing or impossible is named by its key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from runtime.contract.errors import ConfigError, EdgeCodesignError, StorageError
from runtime.contract.measurement import BACK_TO_BACK
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.tensor_spec import TensorSpec

from .plan import AS_FOUND, PLAN_SCHEMA, REFUSE, EnergyRule, Plan, Point, Quality, Subject, WarmUp
from .plan_reading import TO_DO, Entry


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        StorageError: it cannot be read.
        ConfigError: it is not JSON, of a newer version, or a key is unknown, missing or impossible; named by its path.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(
            f"the plan cannot be read: {error.strerror}",
            where=str(path),
            to_do="give a plan as `edge-runtime measure --help` shows",
        ) from error
    except ValueError as error:
        raise ConfigError(f"the plan is not JSON: {error}", where=str(path), to_do=TO_DO) from error
    return plan_from(table, str(path))


def plan_from(table: Mapping[str, Any], source: str) -> Plan:
    """A plan from its JSON object; `source` names it in messages. Raises ConfigError."""
    known = tuple(Plan((), reference="").to_json())
    keys = Entry(table, source).table(known, required=("schema", "subjects"))
    schema = keys.pop("schema")
    if schema.text().split(".")[0] != PLAN_SCHEMA.split(".")[0]:
        raise schema.wrong(f"schema {PLAN_SCHEMA.split('.')[0]}.x")
    subjects = tuple(_subject(entry) for entry in keys["subjects"].items())
    names = [subject.id for subject in subjects]
    for entry, name in zip(keys.pop("subjects").items(), names, strict=True):
        if names.count(name) > 1:
            raise entry.wrong(f"an id of its own; {name!r} is used twice")
    changes: dict[str, Any] = {}
    for name, entry in keys.items():
        changes[name] = _READERS[name](entry)
    if "load" in changes:
        changes["requests_per_s"] = changes.pop("load")
    reference = changes.setdefault("reference", names[0])
    if reference not in names:
        raise keys["reference"].wrong(f"the id of a subject, one of {', '.join(names)}")
    return Plan(subjects, **changes)


def _subject(entry: Entry) -> Subject:
    keys = entry.table(("id", "stages", "input", "points"), required=("id", "stages", "input"))
    stages = []
    for stage in keys["stages"].items():
        name = PurePosixPath(stage.text())
        if name.is_absolute() or ".." in name.parts:
            raise stage.wrong("a file inside the plan's folder")
        stages.append(str(name))
    points = _points(keys["points"]) if "points" in keys else None
    return Subject(keys["id"].text(), tuple(stages), _input(keys["input"]), points)


def _input(entry: Entry) -> TensorSpec:
    known = tuple(TensorSpec(1, 1).to_json())
    keys = entry.table(known, required=("height", "width"))
    size = TensorSpec(keys["height"].count(1, 16_384), keys["width"].count(1, 16_384))
    try:
        return TensorSpec.from_json({**size.to_json(), **{name: member.value for name, member in keys.items()}})
    except (EdgeCodesignError, TypeError, ValueError) as error:
        raise entry.wrong(f"a tensor specification ({error})") from error


def _points(entry: Entry) -> tuple[Point, ...]:
    points = tuple(_point(item) for item in entry.items())
    if len(set(points)) < len(points):
        raise entry.wrong("each point once")
    return points


def _point(entry: Entry) -> Point:
    if entry.value == AS_FOUND:
        return None
    names = ("cpu_hz", "gpu_hz", "emc_hz")
    keys = entry.table(names, required=names)
    clocks = [keys[name].count(0, 100_000_000_000) for name in names]
    try:
        return OperatingPoint(*clocks)
    except EdgeCodesignError as error:
        raise entry.wrong(f"{AS_FOUND!r}, or clocks in hertz ({error.what})") from error


def _load(entry: Entry) -> float | None:
    if entry.value == BACK_TO_BACK:
        return None
    return entry.table(("requests_per_s",), required=("requests_per_s",))["requests_per_s"].above_zero(1e6)


def _warm_up(entry: Entry) -> WarmUp:
    keys = entry.table(tuple(asdict(WarmUp())))
    read = {
        "window_runs": lambda e: e.count(1, 100_000),
        "window_s": lambda e: e.number(0.0, 600.0),
        "thermal_window_s": lambda e: e.number(0.0, 600.0),
        "temperature_step_c": lambda e: e.above_zero(100.0),
        "latency_agreement": lambda e: e.above_zero(1.0),
        "max_s": lambda e: e.number(0.0, 3600.0),
    }
    return WarmUp(**{name: read[name](value) for name, value in keys.items()})


def _quality(entry: Entry) -> Quality:
    keys = entry.table(tuple(asdict(Quality())))
    read = {
        "every": lambda e: e.count(1, 1000),
        "max_spread": lambda e: e.above_zero(1.0),
        "attempts": lambda e: e.count(1, 100),
    }
    return Quality(**{name: read[name](value) for name, value in keys.items()})


def _energy(entry: Entry) -> EnergyRule:
    keys = entry.table(tuple(asdict(EnergyRule())))
    read = {
        "max_uncertainty": lambda e: e.above_zero(0.5),
        "max_s": lambda e: e.above_zero(300.0),
        "idle_s": lambda e: e.number(0.0, 600.0),
    }
    return EnergyRule(**{name: read[name](value) for name, value in keys.items()})


_READERS: Mapping[str, Any] = {
    "points": _points,
    "without_clocks": lambda e: e.one_of(REFUSE, AS_FOUND),
    "reference": Entry.text,
    "runs": lambda e: e.count(10, 1_000_000),
    "keep": lambda e: e.above_zero(1.0),
    "load": _load,
    "threads": lambda e: e.count(1, 256),
    "seed": lambda e: e.count(0, 2**32 - 1),
    "warm_up": _warm_up,
    "quality": _quality,
    "energy": _energy,
}
