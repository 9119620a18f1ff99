"""Tests of the house model: what it needs, what it promises, and that it is as good as it should be on real boards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.metrics import scores
from codesign.predict.costs.splits import training_and_test
from codesign.predict.house.house import FEW, House
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError, ShapeError

from .spaces import cell_genes, costs_of, designs_of, unit_genes

GENES = unit_genes()
RNG = np.random.default_rng(0)
DESIGNS = designs_of(GENES, 100, RNG)
COSTS = costs_of(GENES, DESIGNS)


def _noisy(costs: FloatArray, rng: np.random.Generator) -> FloatArray:
    noisy: FloatArray = costs * np.exp(0.05 * rng.normal(size=len(costs)))
    return noisy


@pytest.mark.parametrize("count", [100, FEW + 40])  # intervals from folds, and from left-out residuals
def test_intervals_hold_about_nine_in_ten_new_costs(count: int) -> None:
    held = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        designs, unseen = designs_of(GENES, count, rng), designs_of(GENES, 400, rng)
        found = House(GENES).fit(designs, _noisy(costs_of(GENES, designs), rng), rng).predict(unseen)
        costs = _noisy(costs_of(GENES, unseen), rng)
        held.append(((costs >= found.low) & (costs <= found.high)).mean())
        assert found.calibrated
    assert 0.85 < np.mean(held) < 0.95


def test_under_a_hundred_samples_the_interval_says_that_it_is_not_calibrated() -> None:
    assert not House(GENES).fit(DESIGNS[:50], COSTS[:50], np.random.default_rng(0)).predict(DESIGNS).calibrated


@pytest.mark.parametrize("unit", [1e-3, 1e9])  # latencies in seconds, memory in bytes
def test_the_unit_of_the_costs_does_not_matter(unit: float) -> None:
    plain, scaled = (
        House(GENES).fit(DESIGNS[:30], COSTS[:30] * by, np.random.default_rng(0)).predict(DESIGNS[30:])
        for by in (1.0, unit)
    )
    assert scaled.mean / unit == pytest.approx(plain.mean, rel=1e-3)
    assert scaled.high / unit == pytest.approx(plain.high, rel=1e-2)


def test_the_same_seed_gives_the_same_model() -> None:
    one, other = (House(GENES).fit(DESIGNS[:30], COSTS[:30], np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one.predict(DESIGNS).high, other.predict(DESIGNS).high)


def test_a_network_measured_again_counts_once_with_its_median() -> None:
    designs = np.concatenate([DESIGNS[:30], DESIGNS[:1], DESIGNS[:1]])
    costs = np.concatenate([COSTS[:30], COSTS[:1], 50 * COSTS[:1]])
    again = House(GENES).fit(designs, costs, np.random.default_rng(0)).predict(DESIGNS)
    once = House(GENES).fit(DESIGNS[:30], COSTS[:30], np.random.default_rng(0)).predict(DESIGNS)
    assert np.mean(again.mean / once.mean) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("count", [2, 3])
def test_two_networks_are_enough_to_answer(count: int) -> None:
    found = House(GENES).fit(DESIGNS[:count], COSTS[:count], np.random.default_rng(0)).predict(DESIGNS)
    assert np.isfinite(found.high).all()
    assert (found.low > 0).all()


def test_costs_that_never_differ_are_predicted_as_they_are() -> None:
    found = House(GENES).fit(DESIGNS[:40], np.full(40, 3.0), np.random.default_rng(0)).predict(DESIGNS)
    assert found.mean == pytest.approx(np.full(100, 3.0), rel=1e-6)


def test_a_space_that_nobody_knows_is_fitted_too() -> None:
    rng = np.random.default_rng(0)
    designs = rng.integers(3, size=(60, 4))
    costs = 1.0 + designs[:, 0] + 2.0 * (designs[:, 1] == designs[:, 2])  # no sum over genes
    unseen = rng.integers(3, size=(200, 4))
    found = House(cell_genes()).fit(designs, costs, rng).predict(unseen)
    truth = 1.0 + unseen[:, 0] + 2.0 * (unseen[:, 1] == unseen[:, 2])
    assert np.abs(found.mean / truth - 1).mean() < 0.2


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_a_cost_that_cannot_be_is_refused(wrong: float) -> None:
    with pytest.raises(DataError, match="cannot be a cost"):
        House(GENES).fit(DESIGNS, np.where(np.arange(100) == 3, wrong, COSTS), np.random.default_rng(0))


def test_one_network_fits_nothing() -> None:
    with pytest.raises(DataError, match="1 distinct designs fit nothing"):
        House(GENES).fit(np.repeat(DESIGNS[:1], 5, axis=0), COSTS[:5], np.random.default_rng(0))


def test_costs_of_another_number_of_designs_are_refused() -> None:
    with pytest.raises(ShapeError, match="costs for 100 designs"):
        House(GENES).fit(DESIGNS, COSTS[:-1], np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "device", "samples", "most"),
    [
        ("ofa_mobilenetv3", "titan_rtx_32", 500, 0.014),
        ("fbnet", "pixel3", 100, 0.01),
        ("nasbench201", "1080ti_256", 100, 0.004),
    ],
)
def test_real_boards_are_predicted_within_one_per_cent_or_so(
    shared_data: Path, table: str, device: str, samples: int, most: float
) -> None:
    known = read_cost_table(shared_data / "latency" / f"{table}.npz")
    costs, rng = known.latency_s[known.device(device)], np.random.default_rng(0)
    split = training_and_test(known.group, costs, samples, rng)
    fitted = House(known.genes).fit(known.genome[split.training], costs[split.training], rng)
    assert scores(costs[split.test], fitted.predict(known.genome[split.test])).mape < most
