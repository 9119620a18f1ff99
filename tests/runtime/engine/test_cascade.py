"""Stages in order until the policy says leave."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import MARGIN, MAX_PROBABILITY, uncertainty_nats
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth
from runtime.engine.cascade import Cascade
from runtime.engine.stage import Stage
from tests.tiny_cascade import CLASSES, SPEC, broken_stage, fresh_stage, random_images, trunk_stages

STAGES = [Stage(model, where=f"stage {k}") for k, model in enumerate([*trunk_stages(), fresh_stage()])]
IMAGES = Preprocessing(SPEC)(random_images(24, seed=5))
THROUGH = full_depth(STAGES).run_through(IMAGES)
ENTROPIES = np.stack([entropy for _, entropy in THROUGH])  # (stages, images)
NEVER = (-math.inf,) * 3

thresholds = st.tuples(*[st.one_of(st.floats(0.0, math.log(len(CLASSES))), st.sampled_from([-math.inf, math.inf]))] * 3)


class Counting:
    """A stage that remembers how many images went through it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.images = stage, 0
        self.inputs, self.hands_on, self.where = stage.inputs, stage.hands_on, stage.where

    def __call__(self, feeds: dict[str, Any]) -> Any:
        self.images += len(next(iter(feeds.values())))
        return self.stage(feeds)


@settings(max_examples=25, deadline=None)
@given(thresholds)
def test_each_image_leaves_exactly_once_at_the_exit_the_policy_names(thresholds: tuple[float, ...]) -> None:
    policy = ExitPolicy(thresholds)
    counting = [Counting(stage) for stage in STAGES]
    departures = Cascade(counting, policy).run_batch(IMAGES)  # type: ignore[arg-type]
    clear = (np.abs(ENTROPIES[:-1] - np.array(thresholds)[:, None]) > 1e-4).all(axis=0)  # batch sizes round differently
    wanted = policy.exits_taken(ENTROPIES)
    np.testing.assert_array_equal(departures.exit_index[clear], wanted[clear])
    reached = [int((departures.exit_index >= k).sum()) for k in range(len(STAGES))]
    assert [stage.images for stage in counting] == reached  # nobody who left runs on, nobody is run twice
    for i, k in enumerate(departures.exit_index):
        np.testing.assert_allclose(departures.logits[i], THROUGH[k][0][i], atol=1e-4)
        assert departures.entropy_nats[i] == pytest.approx(ENTROPIES[k, i], abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(thresholds, st.lists(st.integers(0, len(IMAGES) - 1), min_size=1, max_size=6))
def test_a_batch_and_single_images_agree(thresholds: tuple[float, ...], chosen: list[int]) -> None:
    cascade = Cascade(STAGES, ExitPolicy(thresholds))
    batch = cascade.run_batch(IMAGES[chosen])
    for row, i in enumerate(chosen):
        single = cascade.run(IMAGES[i : i + 1])
        if (np.abs(ENTROPIES[:-1, i] - np.array(thresholds)) > 1e-4).all():
            assert batch.exit_index[row] == single.exit_index
            np.testing.assert_allclose(batch.logits[row], single.logits[0], atol=1e-4)
            assert batch.entropy_nats[row] == pytest.approx(single.entropy_nats, abs=1e-4)


def test_thresholds_of_minus_infinity_mean_full_depth() -> None:
    cascade = Cascade(STAGES, ExitPolicy(NEVER))
    assert set(cascade.run_batch(IMAGES).exit_index.tolist()) == {3}
    assert cascade.run(IMAGES[:1]).exit_index == 3


def test_the_images_do_not_all_leave_at_the_same_exit() -> None:
    middling = tuple(float(np.median(row)) for row in ENTROPIES[:-1])
    assert len(set(Cascade(STAGES, ExitPolicy(middling)).run_batch(IMAGES).exit_index.tolist())) > 2


def test_a_fresh_start_answers_as_if_it_ran_alone() -> None:
    alone = full_depth([Stage(fresh_stage(), where="alone")]).run(IMAGES[:1])
    np.testing.assert_allclose(Cascade(STAGES, ExitPolicy(NEVER)).run(IMAGES[:1]).logits, alone.logits, atol=1e-6)


def test_in_a_batch_who_leaves_later_waited_longer() -> None:
    ticks = iter(range(100))
    cascade = Cascade(
        STAGES, ExitPolicy(tuple(float(np.median(row)) for row in ENTROPIES[:-1])), clock=lambda: float(next(ticks))
    )
    departures = cascade.run_batch(IMAGES)
    np.testing.assert_array_equal(departures.left_after_s, departures.exit_index + 1.0)


def test_who_leaves_is_told_stage_by_stage_with_what_it_leaves_with() -> None:
    told: list[tuple[list[int], list[int]]] = []
    departures = Cascade(STAGES, ExitPolicy(tuple(float(np.median(row)) for row in ENTROPIES[:-1]))).run_batch(
        IMAGES, lambda rows, left: told.append((rows.tolist(), left.exit_index[rows].tolist()))
    )
    taken = departures.exit_index
    assert told == [
        (rows.tolist(), taken[rows].tolist())
        for rows in (np.flatnonzero(taken == stage) for stage in range(len(STAGES)))
        if len(rows)
    ]


@pytest.mark.parametrize("way", ["single", "batch", "through"])
def test_an_answer_that_is_not_a_number_names_its_stage(way: str) -> None:
    stages = [STAGES[0], Stage(broken_stage(), where="designs/x/stages/1.onnx")]
    cascade = Cascade(stages, ExitPolicy((-math.inf,)))
    run = {"single": cascade.run, "batch": cascade.run_batch, "through": cascade.run_through}[way]
    with pytest.raises(EngineError, match=r"stage 1 answered with logits that are not finite(.|\n)*stages/1\.onnx"):
        run(IMAGES[:1] + 9.0)


def test_a_broken_early_exit_costs_energy_but_no_answer() -> None:
    stages = [Stage(broken_stage(), where="broken"), Stage(fresh_stage(), where="sound")]
    cascade = Cascade(stages, ExitPolicy((math.inf,)))
    assert cascade.run(IMAGES[:1] + 9.0).exit_index == 1
    assert cascade.run_batch(IMAGES[:2] + 9.0).exit_index.tolist() == [1, 1]


def test_huge_but_finite_logits_are_an_answer() -> None:
    class Huge(Counting):
        def __call__(self, _: dict[str, Any]) -> Any:
            return [np.full((1, 5), 3e38, np.float32), np.array([0.1], np.float32)]

    huge = Huge(Stage(fresh_stage(), where="huge"))
    assert Cascade([huge], ExitPolicy(())).run(IMAGES[:1]).logits[0, 0] == np.float32(3e38)  # type: ignore[list-item]


def test_an_image_of_another_type_is_refused_and_not_cast() -> None:
    with pytest.raises(EngineError, match="failed on inputs"):
        Cascade(STAGES, ExitPolicy(NEVER)).run(IMAGES[:1].astype(np.float64))


def test_one_threshold_too_few_is_refused() -> None:
    with pytest.raises(EngineError, match="4 stages need 3 thresholds, got 2"):
        Cascade(STAGES, ExitPolicy((0.5, 0.5)))


def test_a_stage_that_asks_for_what_nobody_hands_it_is_refused() -> None:
    with pytest.raises(EngineError, match="asks for 'middle', but the one before it hands on \\['body', 'branch'\\]"):
        Cascade([STAGES[0], STAGES[2]], ExitPolicy((0.5,)))
    with pytest.raises(EngineError, match="asks for 'body', but the one before it hands on \\[\\]"):
        Cascade([STAGES[1]], ExitPolicy(()))


@pytest.mark.parametrize("score", [MAX_PROBABILITY, MARGIN])
def test_another_score_decides_on_the_board_as_it_did_in_the_search(score: str) -> None:
    unsure = np.stack([uncertainty_nats(score, logits) for logits, _ in THROUGH])
    policy = ExitPolicy(tuple(float(np.median(row)) for row in unsure[:-1]), score)
    clear = (np.abs(unsure[:-1] - np.array(policy.thresholds_nats)[:, None]) > 1e-4).all(axis=0)
    cascade, wanted = Cascade(STAGES, policy), policy.exits_taken(unsure)
    departures = cascade.run_batch(IMAGES)
    np.testing.assert_array_equal(departures.exit_index[clear], wanted[clear])
    for i in np.flatnonzero(clear)[:6]:
        single = cascade.run(IMAGES[i : i + 1])
        assert single.exit_index == wanted[i]
        assert single.entropy_nats == pytest.approx(ENTROPIES[wanted[i], i], abs=1e-4)  # what is told stays the entropy


@settings(max_examples=25, deadline=None)
@given(thresholds, st.floats(0.0, 1.0))
def test_a_cascade_that_lowers_thresholds_tells_what_the_usual_ones_would_have_done(
    usual: tuple[float, ...], share: float
) -> None:
    policy = ExitPolicy(tuple(threshold * share if share > 0 and threshold > 0 else -math.inf for threshold in usual))
    wanted = Cascade(STAGES, ExitPolicy(usual)).run_batch(IMAGES)
    found = Cascade(STAGES, policy, usual=ExitPolicy(usual)).run_batch(IMAGES)
    assert found.usual_exit_index is not None
    assert found.usual_entropy_nats is not None
    clear = (np.abs(ENTROPIES[:-1] - np.array(usual)[:, None]) > 1e-4).all(axis=0)
    np.testing.assert_array_equal(found.usual_exit_index[clear], wanted.exit_index[clear])
    np.testing.assert_allclose(found.usual_entropy_nats[clear], wanted.entropy_nats[clear], atol=1e-4)
    one = Cascade(STAGES, policy, usual=ExitPolicy(usual)).run(IMAGES[:1])
    if clear[0]:
        assert one.usual_exit_index == wanted.exit_index[0]


@pytest.mark.parametrize("usual", [ExitPolicy((0.5, 0.1, 0.1)), ExitPolicy((1.0, 1.0)), ExitPolicy((9.0,) * 3, MARGIN)])
def test_usual_thresholds_that_are_not_known_in_time_are_refused(usual: ExitPolicy) -> None:
    with pytest.raises(EngineError, match="is not known where images leave by"):
        Cascade(STAGES, ExitPolicy((0.5, 0.5, 0.5)), usual=usual)
