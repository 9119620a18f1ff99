"""codesign/predict/clocks/linear_terms.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import GPU
from codesign.predict.clocks.linear_terms import CONSTANT, Term, fit_terms, matrix

INVERSE = Term("1/f", GPU, lambda hz: 1.0 / hz)
RISING = Term("f", GPU, lambda hz: hz)
HZ = np.array([1e9, 2e9, 4e9])


def test_an_exact_sum_is_found_however_small_its_terms() -> None:
    fitted = fit_terms([INVERSE, CONSTANT], {GPU: HZ}, 5e6 / HZ + 0.002)
    assert fitted.weights == pytest.approx([5e6, 0.002])
    assert fitted.predict({GPU: np.array([3e9])}) == pytest.approx([5e6 / 3e9 + 0.002])
    assert fitted.simplified is None


def test_no_weight_is_negative() -> None:
    fitted = fit_terms([RISING, CONSTANT], {GPU: HZ}, np.array([3.0, 2.0, 1.0]))
    assert fitted.weights[0] == 0.0
    assert fitted.weights[1] > 0.0


def test_errors_count_relative_to_the_measured_value() -> None:
    values = np.array([1.0, 100.0])
    fitted = fit_terms([CONSTANT], {GPU: HZ[:2]}, values)
    expected = (1 / values).sum() / (1 / values**2).sum()  # least squares of c/value - 1
    assert fitted.weights == pytest.approx([expected])


def test_more_terms_than_cells_leave_out_the_last_and_say_so() -> None:
    fitted = fit_terms([INVERSE, CONSTANT], {GPU: HZ[:1]}, np.array([0.01]))
    assert fitted.terms == (INVERSE,)
    assert fitted.simplified == "1 cells for 2 terms: without the constant"
    assert fitted.predict({GPU: HZ[:2]}) == pytest.approx([0.01, 0.005])


def test_the_design_has_a_column_for_each_term() -> None:
    assert matrix([CONSTANT, RISING], {GPU: HZ}).tolist() == [[1.0, hz] for hz in HZ]
