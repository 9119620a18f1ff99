"""codesign/refine/variances.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.variances import EFFECTS, UNIT_TIME, Variances, heavy_tailed

ROWS = 4000


def learnt(effects: np.ndarray, residual: np.ndarray) -> Variances:
    kind = np.zeros(len(residual), dtype=np.int64)
    nothing = np.zeros(len(residual))
    groups = {name: slice(0, 0) for name in EFFECTS} | {UNIT_TIME: slice(0, len(effects))}
    return Variances.guessed().learnt(groups, effects**2, kind, nothing, residual, nothing, np.ones(len(residual)))


def test_many_units_that_differ_teach_how_much_they_do() -> None:
    effects = 0.10 * np.random.default_rng(0).normal(size=400)
    assert np.sqrt(learnt(effects, np.zeros(1)).effects[UNIT_TIME]) == pytest.approx(0.10, rel=0.1)


def test_without_units_the_guess_stays() -> None:
    assert learnt(np.zeros(0), np.zeros(1)).effects[UNIT_TIME] == pytest.approx(EFFECTS[UNIT_TIME].sd ** 2)


def test_noise_is_learnt_from_what_is_left_over() -> None:
    residual = 0.05 * np.random.default_rng(1).normal(size=ROWS)
    assert np.sqrt(learnt(np.zeros(0), residual).noise[0]) == pytest.approx(0.05, rel=0.05)


def test_scatter_of_images_is_not_noise_of_cells() -> None:
    rng, sampled = np.random.default_rng(2), np.full(ROWS, 0.05**2)
    residual = rng.normal(size=ROWS) * np.sqrt(0.02**2 + 0.05**2)
    found, nothing = Variances.guessed(), np.zeros(ROWS)
    groups = {name: slice(0, 0) for name in EFFECTS}
    for _ in range(200):
        found = found.learnt(groups, np.zeros(0), np.zeros(ROWS, dtype=int), sampled, residual, nothing, np.ones(ROWS))
    assert np.sqrt(found.noise[0]) == pytest.approx(0.02, rel=0.25)


def test_a_cell_far_off_counts_little() -> None:
    weight = heavy_tailed(np.asarray([0.0, 1.0, 10.0]), np.ones(3))
    assert weight[0] > weight[1] > 10 * weight[2]
    assert weight[1] == pytest.approx(1.0)
