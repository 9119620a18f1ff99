"""codesign/predict/costs/clean.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.clean import abnormally_low
from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError


def board(designs: int, noise: float = 0.05) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(designs)
    features = rng.integers(0, 5, (designs, 4)).astype(float)
    return features, np.exp(features @ [0.1, 0.2, 0.3, 0.4] + noise * rng.normal(size=designs)) / 1000


def test_costs_far_below_those_of_like_designs_are_found_and_no_others() -> None:
    features, costs = board(500)
    costs[[3, 44, 120]] /= 10.0
    assert np.flatnonzero(abnormally_low(features, costs)).tolist() == [3, 44, 120]


def test_one_in_ten_may_be_abnormal() -> None:
    features, costs = board(500)
    wrong = np.arange(500) % 10 == 0
    costs[wrong] /= 100.0
    assert abnormally_low(features, costs).tolist() == wrong.tolist()


def test_costs_within_a_factor_of_two_or_above_are_never_flagged() -> None:
    features, costs = board(500, noise=0.001)
    costs[7] /= 1.9
    costs[8] *= 50.0
    assert not abnormally_low(features, costs).any()


def test_what_was_not_measured_is_not_flagged_and_few_samples_say_nothing() -> None:
    features, costs = board(300)
    costs[5], costs[6] = np.nan, costs[6] / 30
    assert np.flatnonzero(abnormally_low(features, costs)).tolist() == [6]
    assert not abnormally_low(features[:99], costs[:99]).any()


def test_costs_of_other_designs_are_refused() -> None:
    with pytest.raises(DataError, match=r"\(3,\) costs for features \(4, 2\)"):
        abnormally_low(np.ones((4, 2)), np.ones(3))


@pytest.mark.parametrize(("file", "flagged"), [("nasbench201", {"pixel3", "samsung_s7"}), ("ofa_mobilenetv3", set())])
def test_among_public_tables_one_phone_has_many(shared_data: Path, file: str, flagged: set[str]) -> None:
    """Some 500 of pixel3's 15,625 costs, and one of samsung_s7's."""
    table = read_cost_table(shared_data / "latency" / f"{file}.npz")
    features = ENCODINGS["fcc"](table.genes).features(table.genome)
    found = {
        board: int(abnormally_low(features, costs).sum())
        for board, costs in zip(table.device_names, table.latency_s, strict=True)
    }
    assert {board for board, count in found.items() if count} == flagged
    assert all(400 < count < 700 if board == "pixel3" else count <= 1 for board, count in found.items())
