"""What a compilation chose is measured, and set beside what was predicted."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from codesign.report.page import write_report
from codesign.report.results import results_from
from codesign.walk import measure_step as module
from codesign.walk.measure_run import PLAN, Programs
from codesign.walk.measure_step import (
    STATIC,
    STATIC_BARS,
    StaticNetwork,
    measure_step,
    plan_of,
    static_network,
    warnings,
)
from codesign.walk.measure_target import MeasureTarget
from codesign.walk.progress import Steps
from codesign.walk.record_file import read_record
from codesign.walk.run_folder import RunFolder
from runtime.contract.manifest import read_manifest
from runtime.contract.operating_point import OperatingPoint
from runtime.measure.apparatus import Apparatus, header
from runtime.measure.plan import AS_FOUND, Quality, WarmUp, fingerprint
from runtime.measure.plan_file import read_plan
from runtime.measure.records_file import open_records, read_records
from runtime.measure.session import carry_out
from tests.codesign.walk.conftest import Parts
from tests.runtime.measure.small_plan import HandMeter, HandTime

RULES: Mapping[str, Any] = {
    "runs": 10,
    "warm_up": WarmUp(window_runs=2, window_s=0.0, max_s=0.0),
    "quality": Quality(every=20, attempts=1),
}


@pytest.fixture
def folder(parts: Parts, tmp_path: Path) -> RunFolder:
    """A finished run that may be written to."""
    shutil.copytree(parts.run.out, tmp_path / "out")
    return RunFolder(tmp_path / "out")


@pytest.fixture
def static(parts: Parts) -> StaticNetwork:
    """Any backbone of the archive."""
    record = read_record(next(iter(sorted(parts.folder.backbones.glob("*.npz")))))
    return static_network(record, {}, parts.evaluator, parts.solver.pricing)


class Here:
    """Measures in this process, on hand-made time: a second per stage; sensors as given."""

    def __init__(self, **apparatus: Any) -> None:
        self.time = HandTime(1.0)
        self.apparatus = Apparatus(**{"machine": "test machine", **apparatus})
        self.runs = 0

    def __call__(self, _target: object, plan_folder: Path, _plan_id: str, records: Path, *_: object) -> None:
        self.runs += 1
        plan = read_plan(plan_folder / PLAN)
        head = header(self.apparatus, fingerprint(plan, plan_folder), "now")
        with open_records(records, head, resume=True) as file:
            carry_out(plan, plan_folder, self.apparatus, file, time=self.time.source, tick=lambda *_: None)


def measured(
    monkeypatch: pytest.MonkeyPatch, here: Here, folder: RunFolder, static: StaticNetwork, target: str | None = None
) -> tuple[dict[str, Any], str]:
    monkeypatch.setattr(module, "run_plan_where_reached", here)
    results = json.loads(folder.results.read_text(encoding="utf-8"))
    console = Console(record=True, width=400)
    found = measure_step(MeasureTarget(target), folder, results, static, Steps(console), Programs(), RULES)
    return found, console.export_text()


def test_every_mode_and_every_bar_of_the_static_network_has_a_row(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork, parts: Parts
) -> None:
    found, _ = measured(monkeypatch, Here(), folder, static)
    modes = [mode["name"] for mode in parts.run.results["modes"]]
    assert [row["name"] for row in found["rows"]] == [*modes, *STATIC_BARS]
    for row, mode in zip(found["rows"], parts.run.results["modes"], strict=False):
        assert row["predicted_latency_s"] == mode["test"]["latency_s"]
        assert row["predicted_energy_j"] == mode["test"]["energy_j"]
        assert row["requested"] == mode["operating_point"]
        assert [prefix["measured_s"] for prefix in row["prefixes"]] == [k + 1.0 for k in range(len(mode["exits"]))]


def test_a_modes_latency_is_weighted_by_where_test_images_leave(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork, parts: Parts
) -> None:
    found, _ = measured(monkeypatch, Here(), folder, static)
    for row, mode in zip(found["rows"], parts.run.results["modes"], strict=False):
        wanted_s = sum(exit_["test_share"] * (k + 1.0) for k, exit_ in enumerate(mode["exits"]))
        assert row["measured_latency_s"] == pytest.approx(wanted_s)
        assert row["measured_of_static"] == pytest.approx(wanted_s)  # the static network takes one second
        weighted = zip(mode["exits"], row["prefixes"], strict=True)
        predicted_s = sum(exit_["test_share"] * prefix["predicted_s"] for exit_, prefix in weighted)
        assert predicted_s == pytest.approx(row["predicted_latency_s"])


def test_results_and_report_take_the_measurements_up(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork, parts: Parts
) -> None:
    found, _ = measured(monkeypatch, Here(), folder, static)
    results = {**parts.run.results, "measured": found}
    read = results_from(results).measured
    assert read is not None
    assert read.rows[0].latency_ratio == pytest.approx(
        found["rows"][0]["measured_latency_s"] / found["rows"][0]["predicted_latency_s"]
    )
    write_report(results, folder.report)
    page = folder.report.read_text(encoding="utf-8")
    assert "Measured beside predicted" in page
    assert "These are different machines." in page
    assert "test machine" in page
    assert "Energy was not measured: no power rail" in page


def test_what_a_person_must_know_is_said(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork
) -> None:
    _, said = measured(monkeypatch, Here(machine="a machine [/]"), folder, static)
    assert "balanced: " in said
    assert "a machine [/]" in said
    assert "which is not the board orin-nano-super: only ratios between designs can be compared" in said
    assert "measured at the clocks found" in said
    assert "Energy was not measured: no power rail" in said


def test_with_a_meter_every_row_has_joules(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork
) -> None:
    here = Here(profile="orin-nano-super")
    here.apparatus = Apparatus(machine="a board", profile="orin-nano-super", meter=HandMeter(here.time, watts=5.0))
    found, said = measured(monkeypatch, here, folder, static)
    assert all(row["measured_energy_j"] > 0.0 for row in found["rows"])
    assert found["differs"] == "device"  # the engine ran on the CPU, the run was compiled for the GPU
    assert found["why_no_energy"] is None
    assert "which is not the device of orin-nano-super that was compiled for: only ratios" in said


def test_the_plan_has_every_design_at_its_modes_clocks_and_the_static_network_at_all(
    folder: RunFolder, parts: Parts
) -> None:
    results = parts.run.results
    plan = plan_of(read_manifest(folder.bundle), results, {})
    points = {subject.id: set(subject.points or ()) for subject in plan.subjects}
    for mode in results["modes"]:
        point = OperatingPoint.from_json(mode["operating_point"])
        assert point in points[mode["design"]]
        assert point in points[STATIC]
    assert (plan.reference, plan.without_clocks) == (STATIC, AS_FOUND)


def test_the_folder_keeps_the_plan_and_the_records_and_a_second_run_measures_nothing_again(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork
) -> None:
    here = Here()
    first, _ = measured(monkeypatch, here, folder, static)
    written = folder.measurements.read_bytes()
    again, _ = measured(monkeypatch, here, folder, static)
    assert folder.measurements.read_bytes() == written
    assert first == again
    assert (folder.plan / "static.onnx").is_file()
    assert read_plan(folder.plan / PLAN).runs == 10


def test_records_from_another_machine_are_put_aside(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork
) -> None:
    measured(monkeypatch, Here(), folder, static)
    measured(monkeypatch, Here(machine="another"), folder, static, target="board")
    assert read_records(folder.measurements).header.machine == "another"
    assert read_records(folder.measurements.with_name("earlier_measurements.jsonl")).header.machine == "test machine"


def test_noise_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder, static: StaticNetwork
) -> None:
    here = Here()
    here.time.on_cpu = 0.1
    found, said = measured(monkeypatch, here, folder, static)
    assert all(row["noisy"] for row in found["rows"])
    assert "Noisy, not to be relied on: accurate (other programs had the processor" in said


@pytest.mark.parametrize(
    ("profile", "device", "differs"), [("b", "cpu", None), ("b", "gpu", "device"), (None, "cpu", "machine")]
)
def test_only_the_same_device_of_the_same_board_is_the_same_hardware(
    parts: Parts, profile: str | None, device: str, differs: str | None
) -> None:
    manifest = replace(read_manifest(parts.folder.bundle), board="b", device=device)
    assert module._differs(profile, manifest) == differs


def test_a_quiet_run_on_the_board_itself_needs_no_warning() -> None:
    row = {"name": "balanced", "pinned": True, "noisy": False, "why_noisy": []}
    quiet = {"hardware": "a board", "differs": None, "why_no_energy": None, "rows": [row]}
    assert warnings(quiet, "orin-nano-super") == []
    loose = copy.deepcopy(quiet) | {"rows": [row | {"pinned": False}]}
    assert len(warnings(loose, "orin-nano-super")) == 1


def test_the_static_network_is_the_finalists_own_graph_where_it_has_one(parts: Parts) -> None:
    from codesign.walk.search_step import Finalist

    record = read_record(next(iter(sorted(parts.folder.backbones.glob("*.npz")))))
    exited = parts.evaluator.exited(record.genome)
    import numpy as np

    finalist = Finalist(record, exited, np.zeros((1, 1, 1)))
    made = static_network(record, {record.genome: finalist}, None, parts.solver.pricing)  # type: ignore[arg-type]
    assert made.model == static_network(record, {}, parts.evaluator, parts.solver.pricing).model
    pricing = parts.solver.pricing
    assert made.latency_s[pricing.points[3]] == float(pricing.static(record).latency_s[0, 3])
