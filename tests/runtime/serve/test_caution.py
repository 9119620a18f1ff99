"""How far below its thresholds a mode answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.exit_policy import ExitPolicy
from runtime.serve.caution import FULL_DEPTH, HALVED, USUAL, lowered, most_cautious
from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import random_images


@given(
    thresholds=st.lists(st.floats(-5, 5), min_size=1, max_size=4), level=st.sampled_from([USUAL, HALVED, FULL_DEPTH])
)
def test_no_level_raises_a_threshold(thresholds: list[float], level: int) -> None:
    policy = ExitPolicy(tuple(thresholds))
    pairs = zip(lowered(policy, level).thresholds_nats, policy.thresholds_nats, strict=True)
    assert all(low <= usual for low, usual in pairs)


def test_full_depth_lets_no_image_leave_early() -> None:
    assert lowered(ExitPolicy((0.5, 0.1)), FULL_DEPTH) == ExitPolicy((-math.inf, -math.inf))


@pytest.mark.parametrize(("thresholds", "level"), [((), USUAL), ((-math.inf,), USUAL), ((-math.inf, 0.1), FULL_DEPTH)])
def test_a_mode_that_lets_no_image_leave_early_cannot_be_more_cautious(
    thresholds: tuple[float, ...], level: int
) -> None:
    assert most_cautious(ExitPolicy(thresholds)) == level


def test_a_cautious_mode_goes_deeper_and_knows_what_it_would_have_done(served: ServedBundle) -> None:
    mode, images = served.modes["balanced"], random_images(40)
    usual = mode.run(images)
    assert usual.usual_exit_index is None
    try:
        for level in (HALVED, FULL_DEPTH):
            mode.be_cautious(level)
            deeper = mode.run(images)
            assert deeper.usual_exit_index is not None
            assert deeper.usual_entropy_nats is not None
            assert (deeper.usual_exit_index == usual.exit_index).all()
            assert deeper.usual_entropy_nats == pytest.approx(usual.entropy_nats)
            assert (deeper.exit_index >= usual.exit_index).all()
        assert (deeper.exit_index == 3).all()
        one = mode.run_one(images[:1])
        assert (one.exit_index, one.usual_exit_index) == (3, usual.exit_index[0])
        assert one.usual_entropy_nats == pytest.approx(usual.entropy_nats[0])
    finally:
        mode.be_cautious(USUAL)
    assert mode.run_one(images[:1]).usual_exit_index is None
