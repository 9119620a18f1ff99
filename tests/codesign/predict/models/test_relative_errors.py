"""codesign/predict/models/relative_errors.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.relative_errors import RelativeErrors, importance


def test_its_least_squares_are_those_of_relative_errors_with_a_constant() -> None:
    rng = np.random.default_rng(0)
    inputs, costs = rng.normal(size=(40, 3)), rng.uniform(1.0, 4.0, size=40)
    problem = RelativeErrors.of(inputs, costs)
    solution = np.linalg.lstsq(problem.rows, problem.target, rcond=None)[0]
    columns = np.column_stack([np.ones(40), inputs]) / costs[:, None]
    expected = np.linalg.lstsq(columns, np.ones(40), rcond=None)[0]
    assert problem.line(solution[:, None])[:, 0] == pytest.approx(expected)


def test_a_cost_that_is_next_to_nothing_does_not_outweigh_all_others() -> None:
    assert importance(np.array([1.0, 2.0, 4.0, 1e-6])) == pytest.approx([1.0, 0.5, 0.25, 1.0 / 0.3])


def test_weights_of_nothing_leave_the_constant_that_is_least_wrong() -> None:
    problem = RelativeErrors.of(np.arange(4.0).reshape(2, 2), np.array([1.0, 3.0]))
    assert problem.line(np.zeros((2, 1)))[:, 0] == pytest.approx([1.2, 0.0, 0.0])


def test_an_input_that_never_differs_has_no_row_and_no_weight() -> None:
    inputs = np.column_stack([np.full(5, 1e9), np.arange(5.0)])
    problem = RelativeErrors.of(inputs, np.arange(1.0, 6.0))
    assert problem.rows.shape == (5, 1)
    assert problem.line(np.ones((1, 1)))[1, 0] == 0.0
