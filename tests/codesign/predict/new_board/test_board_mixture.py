"""codesign/predict/new_board/board_mixture.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.board_mixture import mixture_of_boards

KNOWN = np.random.default_rng(0).normal(size=(5, 12))


def test_weights_are_convex() -> None:
    weights = mixture_of_boards(KNOWN, np.random.default_rng(1).normal(size=12))
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0)


def test_a_mixture_is_recovered_without_the_pull_to_evenness() -> None:
    wanted = np.array([0.2, 0.0, 0.5, 0.3, 0.0])
    assert mixture_of_boards(KNOWN, wanted @ KNOWN, evenness=1e-9) == pytest.approx(wanted, abs=1e-3)


def test_a_strong_pull_gives_equal_weights() -> None:
    assert mixture_of_boards(KNOWN, KNOWN[0], evenness=1e3) == pytest.approx(np.full(5, 0.2), abs=1e-2)


def test_two_boards_alike_share_the_weight() -> None:
    known = np.stack([KNOWN[0], KNOWN[0], KNOWN[1] + 5.0])
    assert mixture_of_boards(known, KNOWN[0]) == pytest.approx([0.5, 0.5, 0.0], abs=1e-2)
