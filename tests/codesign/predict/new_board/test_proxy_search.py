"""codesign/predict/new_board/proxy_search.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.new_board.proxy_search import Candidates, FoundDesign, search_by_proxy
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError, ShapeError

from .conftest import MadeUp


def searched(made_up: MadeUp, pool: list[int], target_s: FloatArray, quantile: float, **options: object) -> FoundDesign:
    candidates = Candidates(made_up.designs, made_up.accuracy, made_up.latency_s[pool][:, None])
    limit_s = np.array([np.quantile(target_s, quantile)])
    asked: list[int] = []

    def measure(design: int) -> FloatArray:
        asked.append(design)
        return target_s[[design]]

    found = search_by_proxy(candidates, measure, limit_s, np.random.default_rng(0), **options)  # type: ignore[arg-type]
    assert found.costs[0] <= limit_s[0]
    assert len(asked) == len(set(asked)) == found.measurements <= 10
    return found


def optimum(made_up: MadeUp, target_s: FloatArray, quantile: float) -> float:
    return float(made_up.accuracy[target_s <= np.quantile(target_s, quantile)].max())


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_on_a_monotone_board_the_optimum_is_found_without_warning(made_up: MadeUp, quantile: float) -> None:
    target_s = 7.0 * made_up.latency_s[2] ** 0.9
    found = searched(made_up, [2], target_s, quantile)
    assert optimum(made_up, target_s, quantile) - found.accuracy < 0.005
    assert found.monotonicity == pytest.approx(1.0)
    assert found.warning is None
    assert not found.own_predictor


def test_the_similar_board_is_chosen_from_a_pool(made_up: MadeUp) -> None:
    assert searched(made_up, [0, 3, 4], 2.0 * made_up.latency_s[3], 0.5).proxy == 1


def test_designs_beyond_weighted_sums_only_help(made_up: MadeUp) -> None:
    for quantile in (0.2, 0.4, 0.6, 0.8):
        target_s = made_up.latency_s[1]
        plain = searched(made_up, [3], target_s, quantile, beyond_weighted_sums=False)
        assert searched(made_up, [3], target_s, quantile).accuracy >= plain.accuracy


def test_a_board_of_another_order_is_warned_of_and_gets_its_own_predictor(made_up: MadeUp) -> None:
    target_s = np.random.default_rng(3).permutation(made_up.latency_s[2])
    found = searched(made_up, [0, 4], target_s, 0.5)
    assert found.monotonicity is not None
    assert found.monotonicity < 0.9
    assert found.warning is not None
    assert "not monotone: Spearman" in found.warning
    assert found.own_predictor


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), quantile=st.floats(0.02, 1.0), budget=st.integers(2, 10))
def test_what_is_returned_was_measured_and_keeps_the_limit(seed: int, quantile: float, budget: int) -> None:
    rng = np.random.default_rng(seed)
    accuracy, target_s = rng.uniform(size=40), rng.uniform(0.1, 1.0, 40)
    candidates = Candidates(np.arange(40)[:, None], accuracy, rng.uniform(0.1, 1.0, (3, 1, 40)))
    limit_s = np.array([np.quantile(target_s, quantile)])
    asked: list[int] = []

    def measure(design: int) -> FloatArray:
        asked.append(design)
        return target_s[[design]]

    try:
        found = search_by_proxy(candidates, measure, limit_s, rng, budget=budget)
    except InfeasibleError:
        assert target_s[asked].min() > limit_s[0]
    else:
        assert found.design in asked
        kept = [one for one in asked if target_s[one] <= limit_s[0]]
        assert found.accuracy == accuracy[kept].max()
    assert len(asked) == len(set(asked)) <= budget


def test_energy_and_latency_limits_are_both_kept_within_ten_measurements(made_up: MadeUp) -> None:
    target = np.stack([made_up.latency_s[1], made_up.latency_s[3]])
    candidates = Candidates(made_up.designs, made_up.accuracy, np.stack([made_up.latency_s[[0, 4]]]))
    for quantiles in ((0.3, 0.9), (0.5, 0.5), (0.9, 0.2)):
        limits = np.array([np.quantile(cost, share) for cost, share in zip(target, quantiles, strict=True)])
        found = search_by_proxy(candidates, lambda design: target[:, design], limits, np.random.default_rng(0))
        assert (found.costs <= limits).all()
        assert found.measurements <= 10
        best = made_up.accuracy[(target <= limits[:, None]).all(axis=0)].max()
        assert best - found.accuracy < 0.02


def test_a_limit_that_nothing_keeps_says_how_far_the_nearest_is(made_up: MadeUp) -> None:
    target_s = made_up.latency_s[2]
    candidates = Candidates(made_up.designs, made_up.accuracy, made_up.latency_s[[2]][:, None])
    limit_s = np.array([0.8 * target_s.min()])
    with pytest.raises(InfeasibleError, match=r"none of \d+ measured designs keeps the limits .* 25\.0% over"):
        search_by_proxy(candidates, lambda design: target_s[[design]], limit_s, np.random.default_rng(0))


def test_inputs_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"candidates must be \(n,\) accuracies"):
        Candidates(np.zeros((3, 1), dtype=np.int64), np.ones(2), np.ones((1, 1, 3)))
    with pytest.raises(ShapeError, match="accuracies must be finite"):
        Candidates(np.zeros((3, 1), dtype=np.int64), np.ones(3), np.zeros((1, 1, 3)))
    candidates = Candidates(np.zeros((3, 1), dtype=np.int64), np.ones(3), np.ones((1, 1, 3)))
    with pytest.raises(ShapeError, match="limits must be 1 costs above 0"):
        search_by_proxy(candidates, lambda design: np.ones(design + 1), np.array([1.0, 2.0]), np.random.default_rng(0))
