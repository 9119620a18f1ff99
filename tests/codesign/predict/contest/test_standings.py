"""codesign/predict/contest/standings.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.contest.standings import standings
from codesign.predict.contest.trial import Trial
from codesign.predict.costs.metrics import Scores


def one(model: str, mape: float, *, predict_s: float | None = None, calibrated: bool = True) -> Trial:
    return Trial(model, "fcc", Scores(0.9, 0.8, mape, 0.1, 0.7, 0.9), 0.5, predict_s, calibrated, 0.25)


def test_figures_are_means_over_splits_with_their_spread_beside_the_best_first() -> None:
    rows = standings([one("a", 0.3), one("b", 0.1), one("a", 0.1), one("b", 0.1)])
    assert [row["model"] for row in rows] == ["b", "a"]
    assert rows[1]["mape"] == pytest.approx(0.2)
    assert rows[1]["mape_std"] == pytest.approx(np.std([0.3, 0.1], ddof=1))
    assert rows[0]["mape_std"] == 0.0
    assert (rows[0]["splits"], rows[0]["outside"]) == (2, 0.25)


def test_what_was_timed_once_is_the_figure_and_what_never_was_is_none() -> None:
    timed, never = standings([one("a", 0.1, predict_s=0.2), one("a", 0.1), one("b", 0.2)])
    assert (timed["predict_s"], timed["predict_s_std"]) == (0.2, 0.0)
    assert (never["predict_s"], never["predict_s_std"]) == (None, None)


def test_a_row_is_calibrated_only_if_every_split_was() -> None:
    (row,) = standings([one("a", 0.1), one("a", 0.1, calibrated=False)])
    assert row["calibrated"] is False


def test_the_same_model_with_another_encoding_has_a_row_of_its_own() -> None:
    other = Trial("a", "one-hot", Scores(0.9, 0.8, 0.2, 0.1, 0.7, 0.9), 0.5, None, True, 0.0)
    assert [row["encoding"] for row in standings([other, one("a", 0.1)])] == ["fcc", "one-hot"]
