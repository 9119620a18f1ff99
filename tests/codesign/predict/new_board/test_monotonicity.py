"""codesign/predict/new_board/monotonicity.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.monotonicity import best_proxy, rank_correlation


def test_the_same_order_is_one_whatever_the_scale() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 1000.0])) == pytest.approx(1.0)


def test_the_opposite_order_is_minus_one() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)


@pytest.mark.parametrize("costs", [[1.0, 2.0], [1.0, 1.0, 1.0]])
def test_too_few_or_equal_costs_have_no_correlation(costs: list[float]) -> None:
    assert rank_correlation(np.array(costs), np.arange(len(costs)) + 1.0) is None


def test_the_proxy_with_the_targets_order_is_chosen() -> None:
    target = np.array([[1.0, 2.0, 3.0, 4.0]])
    proxies = np.array([[[4.0, 3.0, 2.0, 1.0]], [[5.0, 6.0, 7.0, 9.0]], [[2.0, 1.0, 3.0, 4.0]]])
    assert best_proxy(proxies, target) == 1


def test_equal_orders_are_told_apart_by_the_logs() -> None:
    target = np.array([[1.0, 2.0, 4.0]])
    assert best_proxy(np.array([[[1.0, 1.1, 9.0]], [[2.0, 4.0, 8.0]]]), target) == 1


def test_a_proxy_must_rank_every_cost() -> None:
    target = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])
    proxies = np.array([[[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], [[1.0, 2.0, 3.5], [3.0, 1.5, 2.0]]])
    assert best_proxy(proxies, target) == 1
