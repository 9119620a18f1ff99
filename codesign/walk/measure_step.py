"""Measures what a compilation chose, and sets it beside what the cost model said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape

from codesign.search.backbone_record import BackboneRecord
from codesign.search.pricing import Pricing
from codesign.stages.cut import cut_into_stages
from runtime.contract.bundle_files import read_modes, read_promises
from runtime.contract.manifest import Manifest, read_manifest, stage_file
from runtime.contract.measurement import Measurement
from runtime.contract.operating_point import OperatingPoint
from runtime.measure.plan import AS_FOUND, Plan, Subject, fingerprint
from runtime.measure.records_file import Records, read_records

from .backbones import Backbones
from .measure_far import run_plan_where_reached
from .measure_run import PLAN, Programs
from .measure_target import MeasureTarget
from .progress import Steps
from .run_folder import RunFolder, write_text
from .search_step import Finalist

STATIC = "static"  # the subject's id; designs' begin with d and a digest
STATIC_BARS = ("static_default_mode", "static_max_clocks", "static_best_clocks")
MACHINE, DEVICE = "machine", "device"
ENGINE_DEVICE = "cpu"  # what the engine runs stages on, whatever else the board has
ID_LETTERS = 16  # of the plan's fingerprint: enough to tell plans apart in a folder


@dataclass(frozen=True, slots=True)
class StaticNetwork:
    """The network without exits that the bars compare with, and what it is said to cost at any of the points."""

    model: bytes
    latency_s: Mapping[OperatingPoint, float]


def static_network(
    record: BackboneRecord, finalists: Mapping[Any, Finalist], backbones: Backbones, pricing: Pricing
) -> StaticNetwork:
    """The graph of a backbone in one stage, without its exits."""
    finalist = finalists.get(record.genome)
    exited = backbones.exited(record.genome) if finalist is None else finalist.exited
    (stage,) = cut_into_stages(exited.model, [])
    latency_s = pricing.static(record).latency_s[0]
    return StaticNetwork(stage.SerializeToString(), dict(zip(pricing.points, map(float, latency_s), strict=True)))


def measure_step(
    target: MeasureTarget,
    folder: RunFolder,
    results: Mapping[str, Any],
    static: StaticNetwork,
    steps: Steps,
    programs: Programs,
    rules: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The `measured` key of the results: every mode and the static network, as measured and as predicted.

    Args:
        results: what `results.json` holds so far.
        rules: changes to the plan's own; tests measure less.
    Raises:
        BoardError: the board cannot be reached, or measuring fails there; what was measured is kept in the folder.
    """
    manifest = read_manifest(folder.bundle)
    plan = plan_of(manifest, results, rules or {})
    write_plan_folder(folder, plan, static)
    with steps.step("measure", f"Measuring on {target}") as tick:
        plan_id = fingerprint(plan, folder.plan)[:ID_LETTERS]
        records_path = _records_path(folder, f"{target} {plan_id}")
        run_plan_where_reached(target, folder.plan, plan_id, records_path, tick, programs)
        records = read_records(records_path)
    found = beside(records, results, manifest, folder.bundle, static)
    for row in found["rows"][: len(results["modes"])]:
        steps.say(f"  [dim]{escape(_said(row))}")
    if found["differs"] is None:
        steps.say(f"  Latency predicted {found['mean_latency_error']:.1%} away from measured, in the mean of all rows")
    for line in warnings(found, results["board"]["name"]):
        steps.say(f"  [yellow]{escape(line)}")
    return {"target": str(target), **found}


def plan_of(manifest: Manifest, results: Mapping[str, Any], rules: Mapping[str, Any]) -> Plan:
    """Every design at the clocks of its modes; the static network at those and at its bars'."""
    bars = {bar["name"]: bar for bar in results["bars"]}
    points: dict[str, dict[OperatingPoint, None]] = {STATIC: {}}
    for mode in results["modes"]:
        point = OperatingPoint.from_json(mode["operating_point"])
        points.setdefault(mode["design"], {})[point] = None
        points[STATIC][point] = None
    for name in STATIC_BARS:
        points[STATIC][OperatingPoint.from_json(bars[name]["operating_point"])] = None
    stages: dict[str, tuple[str, ...]] = {STATIC: ("static.onnx",)}
    stages |= {
        design: tuple(stage_file(design, k) for k in range(manifest.stages[design]))
        for design in points
        if design != STATIC
    }
    subjects = tuple(Subject(name, stages[name], manifest.input, tuple(points[name])) for name in points)
    return Plan(subjects, reference=STATIC, without_clocks=AS_FOUND, **rules)


def write_plan_folder(folder: RunFolder, plan: Plan, static: StaticNetwork) -> None:
    """Everything that goes to the board: the plan, the stages of the bundle, and the static network."""
    shutil.rmtree(folder.plan, ignore_errors=True)
    for subject in plan.subjects:
        for name in subject.stages:
            path = folder.plan / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if subject.id == STATIC:
                path.write_bytes(static.model)
            else:
                shutil.copyfile(folder.bundle / name, path)
    write_text(folder.plan / PLAN, json.dumps(plan.to_json(), indent=1) + "\n")


def beside(
    records: Records, results: Mapping[str, Any], manifest: Manifest, bundle: Path, static: StaticNetwork
) -> dict[str, Any]:
    """Predicted and measured figures of each mode, then of each bar of the static network."""
    found = {(record.subject, record.requested): record for record in records.measurements}
    promises = read_promises(bundle, manifest, read_modes(bundle, manifest))
    bars = {bar["name"]: bar for bar in results["bars"]}
    rows = []
    for mode in results["modes"]:
        point = OperatingPoint.from_json(mode["operating_point"])
        record, network = found[mode["design"], point], found[STATIC, point]
        shares = [exit_["test_share"] for exit_ in mode["exits"]]
        promise = promises[mode["name"]]
        row = _row(mode["name"], record, shares, mode["test"], network, static.latency_s[point])
        row["prefixes"] = [
            {"predicted_s": promise.latency_s(k), "measured_s": prefix.latency.median_s}
            for k, prefix in enumerate(record.prefixes)
        ]
        rows.append(row)
    for name in STATIC_BARS:
        point = OperatingPoint.from_json(bars[name]["operating_point"])
        record = found[STATIC, point]
        rows.append(_row(name, record, [1.0], bars[name], record, static.latency_s[point]) | {"prefixes": []})
    header = records.header
    return {
        "kind": header.kind.value,
        "hardware": header.on,
        "profile": header.profile,
        "differs": _differs(header.profile, manifest),
        "why_no_energy": next((r.why_no_energy for r in records.measurements if r.why_no_energy is not None), None),
        "mean_latency_error": _mean(
            [abs(row["predicted_latency_s"] / row["measured_latency_s"] - 1.0) for row in rows]
        ),
        "rows": rows,
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _differs(profile: str | None, manifest: Manifest) -> str | None:
    """In what the measured hardware is not the one compiled for: `machine`, `device`, or nothing."""
    if profile != manifest.board:
        return MACHINE
    return None if manifest.device == ENGINE_DEVICE else DEVICE


def warnings(found: Mapping[str, Any], board: str) -> list[str]:
    """What a person must hear about the measurements."""
    lines = []
    if found["differs"] is not None:
        what = f"the board {board}" if found["differs"] == MACHINE else f"the device of {board} that was compiled for"
        lines.append(
            f"Measured on {found['hardware']}, which is not {what}: only ratios between designs can be compared."
        )
    if not all(row["pinned"] for row in found["rows"]):
        lines.append("The clocks asked for cannot be set there: measured at the clocks found.")
    if found["why_no_energy"] is not None:
        lines.append(f"Energy was not measured: {found['why_no_energy']}.")
    noisy = [f"{row['name']} ({'; '.join(row['why_noisy'])})" for row in found["rows"] if row["noisy"]]
    if noisy:
        lines.append(f"Noisy, not to be relied on: {', '.join(noisy)}.")
    return lines


def _row(
    name: str,
    record: Measurement,
    shares: Sequence[float],
    predicted: Mapping[str, Any],
    network: Measurement,
    network_predicted_s: float,
) -> dict[str, Any]:
    """`network` is the static one at the same clocks: what a design saves against it compares across machines."""
    latencies_s = [prefix.latency.median_s for prefix in record.prefixes]
    energies = [prefix.energy for prefix in record.prefixes]
    known = [energy.energy_j for energy in energies if energy is not None]
    return {
        "name": name,
        "design": record.subject,
        "requested": None if record.requested is None else record.requested.to_json(),
        "applied": None if record.applied is None else record.applied.to_json(),
        "pinned": record.pinned,
        "predicted_latency_s": predicted["latency_s"],
        "measured_latency_s": _expected(shares, latencies_s),
        "predicted_energy_j": predicted["energy_j"],
        "measured_energy_j": _expected(shares, known) if len(known) == len(energies) else None,
        "predicted_of_static": predicted["latency_s"] / network_predicted_s,
        "measured_of_static": _expected(shares, latencies_s) / network.latency_s,
        "noisy": record.noisy or network.noisy,
        "why_noisy": list(dict.fromkeys([*record.why_noisy, *network.why_noisy])),
    }


def _said(row: Mapping[str, Any]) -> str:
    measured_s, predicted_s = row["measured_latency_s"], row["predicted_latency_s"]
    shares = f"{row['measured_of_static']:.0%} measured, {row['predicted_of_static']:.0%} predicted"
    return (
        f"{row['name']}: {measured_s * 1e3:.3f} ms measured, {predicted_s * 1e3:.3f} ms predicted; "
        f"of the static network at the same clocks {shares}"
    )


def _expected(shares: Sequence[float], of_prefixes: Sequence[float]) -> float:
    """Mean over images that leave at each exit with these shares."""
    return sum(share * value for share, value in zip(shares, of_prefixes, strict=True))


def _records_path(folder: RunFolder, of: str) -> Path:
    """The run's file of records; those of another plan or from another machine are put aside, not added to."""
    path, note = folder.measurements, folder.path / ".measured"
    if path.is_file() and not (note.is_file() and note.read_text(encoding="utf-8") == of):
        path.replace(path.with_name(f"earlier_{path.name}"))
    write_text(note, of)
    return path
