"""What the benchmark of Ray times."""

from __future__ import annotations

import numpy as np

from codesign.scale.in_process import InProcess
from tests.bench.bench_ray import RECORD_VALUES, evaluation, spread, timed


def test_a_simulated_evaluation_depends_on_what_is_given_and_is_as_large_as_a_record() -> None:
    found = evaluation(np.full(2, 7, dtype=np.uint8), 0.0)
    assert found.shape == (RECORD_VALUES,)
    assert (found == 7.0).all()


def test_timing_waits_for_every_result() -> None:
    assert timed(InProcess(), np.zeros(1, dtype=np.uint8), [0.02, 0.02]) >= 0.04


def test_the_spread_of_one_value_is_none() -> None:
    assert spread([2.0]) == {"mean": 2.0, "std": 0.0, "min": 2.0, "max": 2.0}
