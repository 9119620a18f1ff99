"""What a finished run says of itself hangs together."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codesign.walk.record_file import read_log, read_record
from codesign.walk.run_folder import RunFolder, read_arrays
from runtime.contract.manifest import read_manifest
from tests.codesign.walk.conftest import Parts


def test_the_full_network_is_the_most_accurate_of_the_archive_on_select(parts: Parts) -> None:
    saved = [read_arrays(path) for path in RunFolder(parts.run.out).backbones.glob("*.npz")]
    accuracies = [float(np.mean(arrays["predictions"][-1] == arrays["labels"])) for arrays in saved]
    best = saved[int(np.argmax(accuracies))]
    macs = parts.run.results["full_network"]["macs"]
    assert macs in [
        float(a["static"][:, 0].sum()) for a, right in zip(saved, accuracies, strict=True) if right == max(accuracies)
    ]
    assert best["labels"].size == parts.run.results["data"]["splits"]["select"]["n"]


def test_its_accuracy_is_that_of_its_end_on_test(parts: Parts) -> None:
    folder, full = RunFolder(parts.run.out), parts.run.results["full_network"]
    found = set()
    for path in folder.test_logs.glob("*.npz"):
        record, log = read_record(folder.backbones / path.name), read_log(path)
        if record.static.macs == full["macs"]:
            found.add(float(log.correct[-1].mean()))
    assert full["accuracy"] in found
    assert full["split"] == "test"


def test_the_default_mode_on_test_is_the_bar_at_its_best_clocks(parts: Parts) -> None:
    results = parts.run.results
    bars = {row["name"]: row for row in results["bars"]}
    balanced = next(row for row in results["modes"] if row["default"])
    for key in ("accuracy", "energy_j", "served_energy_j", "latency_s"):
        assert bars["exits_best_clocks"][key] == balanced["test"][key]
    assert bars["exits_best_clocks"]["operating_point"] == balanced["operating_point"]
    assert bars["exits_best_clocks"]["design"] == balanced["description"]
    assert results["macs"]["exits"] == bars["exits_best_clocks"]["macs"]
    assert results["macs"]["static"] == bars["static_max_clocks"]["macs"]


def test_every_figure_per_class_adds_up_to_the_whole(parts: Parts) -> None:
    results = parts.run.results
    images = results["data"]["splits"]["test"]["n"]
    for mode in results["modes"]:
        rows = mode["per_class"]
        assert [row["n"] for row in rows] == results["data"]["splits"]["test"]["class_counts"]
        assert sum(row["n"] * row["policy"] for row in rows) / images == pytest.approx(mode["test"]["accuracy"])
        assert sum(row["n"] * row["full"] for row in rows) / images == pytest.approx(
            results["full_network"]["accuracy"]
        )


def test_harm_and_loss_belong_together(parts: Parts) -> None:
    for mode in parts.run.results["modes"]:
        assert 0.0 <= mode["test"]["harm"] <= 1.0 - mode["test"]["accuracy"] + 1e-12


def test_the_bundle_is_the_one_that_was_verified(parts: Parts) -> None:
    verification = parts.run.results["verification"]
    manifest = read_manifest(RunFolder(parts.run.out).bundle)
    assert verification["bundle_id"] == manifest.bundle_id
    assert verification["golden_samples"] == 8
    assert 0.0 <= verification["cut_vs_uncut_max_abs_difference"] <= 1e-5
    assert {mode["design"] for mode in parts.run.results["modes"]} == set(manifest.stages)


def test_every_step_was_timed_and_memory_counted(parts: Parts) -> None:
    results = parts.run.results
    assert set(results["timing_s"]) == {
        "data",
        "supernet",
        "exits",
        "search",
        "finalists",
        "modes",
        "certificate",
        "comparison",
        "bundle",
    }
    assert 50e6 < results["peak_memory_bytes"] < 50e9


def test_no_certificate_is_made_up(parts: Parts) -> None:
    assert parts.run.results["certificate"] is None


def test_the_history_is_that_of_the_search(parts: Parts) -> None:
    history = parts.run.results["history"]
    assert [row["generation"] for row in history] == list(range(parts.preset.search.generations))
    assert history[-1]["evaluations"] == len(list(RunFolder(parts.run.out).backbones.glob("*.npz")))


def test_the_file_is_strict_json_without_nan(parts: Parts) -> None:
    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    json.loads((parts.run.out / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)
