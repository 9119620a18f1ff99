"""codesign/walk/robustness_step.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.data.corruptions import STRENGTHS
from codesign.walk.choose_step import DEFAULT_MODE
from codesign.walk.robustness_step import robustness_step
from codesign.walk.run_folder import RunFolder
from runtime.engine.bundle import open_bundle
from tests.codesign.walk.conftest import Parts


def test_every_corruption_is_shown_beside_the_clean_images(parts: Parts) -> None:
    found = parts.run.results["robustness"]
    assert found["mode"] == DEFAULT_MODE
    assert found["images"] == len(parts.data.test.labels)
    cases = [("clean", 0.0), *((name, strength) for name, values in STRENGTHS.items() for strength in values)]
    assert [(row["corruption"], row["strength"]) for row in found["rows"]] == cases


def test_figures_of_the_clean_images_are_those_of_the_mode(parts: Parts) -> None:
    results = parts.run.results
    (mode,) = [each for each in results["modes"] if each["name"] == DEFAULT_MODE]
    clean = results["robustness"]["rows"][0]
    assert clean["accuracy"] == pytest.approx(mode["test"]["accuracy"])
    assert clean["energy_j"] == pytest.approx(mode["test"]["energy_j"])
    assert clean["full_accuracy"] == pytest.approx(results["full_network"]["accuracy"])
    assert clean["harm"] == pytest.approx(mode["test"]["harm"])


def test_no_row_costs_more_than_full_depth_and_shares_add_up(parts: Parts) -> None:
    found = parts.run.results["robustness"]
    for row in found["rows"]:
        assert row["energy_j"] <= found["full_depth_energy_j"] * (1 + 1e-9)
        assert sum(row["exit_shares"]) == pytest.approx(1.0)
        assert row["harm"] <= row["full_accuracy"]


def test_the_same_seed_gives_the_same_rows(parts: Parts) -> None:
    bundle = RunFolder(parts.run.out).bundle
    stages = len(open_bundle(bundle, DEFAULT_MODE).promise.stage_energy_j)
    full = parts.evaluator.exited((0,) * 9)
    told: list[str] = []

    def tick(_done: int, _of: int, note: str) -> None:
        told.append(note)

    one, two = (robustness_step(bundle, DEFAULT_MODE, full, 1.0, parts.data, 3, tick) for _ in range(2))
    assert one == two
    assert len(told) == 2 * 13
    assert all(len(row["exit_shares"]) == stages for row in one["rows"])
    assert np.isfinite([row["energy_j"] for row in one["rows"]]).all()
