"""codesign/predict/models/encoded_model.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.splits import training_and_test
from codesign.predict.models.encoded_model import BLOCK, FARTHEST
from codesign.predict.models.least_squares import LinearCosts
from codesign.predict.models.lookup import lookup
from codesign.predict.models.ridge import ridge

from .boards import RESNET, designs_and_costs


def test_ninety_per_cent_of_unseen_costs_are_in_their_intervals() -> None:
    designs, costs = designs_and_costs(RESNET, 2000, seed=8, noise=0.05)
    held = []
    for seed in range(10):
        fitted = ridge(RESNET, "fcc").fit(*designs_and_costs(RESNET, 100, seed, 0.05), np.random.default_rng(seed))
        found = fitted.predict(designs)
        held.append(((found.low <= costs) & (costs <= found.high)).mean())
        assert found.calibrated
    assert 0.87 <= np.mean(held) <= 0.94


def test_a_prediction_stays_within_ten_times_of_what_was_seen() -> None:
    designs, costs = designs_and_costs(RESNET, 40)
    fitted = lookup(RESNET, "fcc").fit(designs, costs, np.random.default_rng(0))
    wild = replace(fitted, regression=LinearCosts(np.full(1 + len(fitted.encoding.columns), 1e9)))
    assert wild.predict(designs).mean == pytest.approx(FARTHEST * costs.max())
    negative = replace(fitted, regression=LinearCosts(np.full(1 + len(fitted.encoding.columns), -1.0)))
    assert negative.predict(designs).mean == pytest.approx(costs.min() / FARTHEST)


def test_many_designs_are_predicted_as_each_would_be() -> None:
    designs, costs = designs_and_costs(RESNET, BLOCK + 10)
    fitted = ridge(RESNET, "fc").fit(designs[:50], costs[:50], np.random.default_rng(0))
    many = fitted.predict(designs).mean
    assert many.shape == (BLOCK + 10,)
    assert many[-3:] == pytest.approx(fitted.predict(designs[-3:]).mean, rel=1e-12)


def test_no_designs_have_no_costs() -> None:
    fitted = ridge(RESNET, "fc").fit(*designs_and_costs(RESNET, 20), np.random.default_rng(0))
    assert fitted.predict(np.zeros((0, len(RESNET.names)), dtype=np.int64)).mean.shape == (0,)


@pytest.mark.parametrize(("table", "error"), [("nasbench201", 0.08), ("fbnet", 0.08), ("ofa_mobilenetv3", 0.2)])
def test_real_boards_are_predicted_from_a_hundred_samples(shared_data: Path, table: str, error: float) -> None:
    read = read_cost_table(shared_data / "latency" / f"{table}.npz")
    costs = read.latency_s[read.device("2080ti_32")]
    rows = training_and_test(read.group, costs, 100, np.random.default_rng(1))
    fitted = ridge(read.genes, "layers").fit(read.genome[rows.training], costs[rows.training], np.random.default_rng(0))
    test = np.random.default_rng(2).choice(rows.test, 1000, replace=False)
    found = fitted.predict(read.genome[test])
    assert np.abs(found.mean / costs[test] - 1.0).mean() < error
    assert 0.8 < ((found.low <= costs[test]) & (costs[test] <= found.high)).mean() < 0.98
