"""Tensors laid out once for one image."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth
from runtime.engine.cascade import Cascade
from runtime.engine.lane import ALIGNED_BYTES, FROM_IMAGE, Lane, Lanes
from runtime.engine.stage import Stage
from tests.tiny_cascade import SPEC, fresh_stage, random_images, trunk_stages

STAGES = [Stage(model, where=f"stage {k}") for k, model in enumerate([*trunk_stages(), fresh_stage()])]
PLAN = [
    (STAGES[0], (("image", FROM_IMAGE),)),
    (STAGES[1], (("body", 0), ("branch", 1))),
    (STAGES[2], (("middle", 0),)),
    (STAGES[3], (("image", FROM_IMAGE),)),
]
IMAGES = Preprocessing(SPEC)(random_images(12, seed=5))


def test_every_image_gets_the_outputs_that_the_stages_alone_compute() -> None:
    lane = Lane(PLAN, IMAGES[:1].shape)
    for image in IMAGES[:, None]:
        lane.image[...] = image
        alone: list[np.ndarray] = []
        for index, (stage, sources) in enumerate(PLAN):
            alone = stage({name: image if source == FROM_IMAGE else alone[source] for name, source in sources})
            for ours, wanted in zip(lane.run(index), alone, strict=True):
                np.testing.assert_array_equal(ours, wanted)


def test_nothing_is_allocated_after_the_first_image() -> None:
    lane = Lane(PLAN, IMAGES[:1].shape)
    lane.image[...] = IMAGES[:1]
    first = [[tensor.ctypes.data for tensor in lane.run(index)] for index in range(len(PLAN))]
    lane.image[...] = IMAGES[1:2]
    assert [[tensor.ctypes.data for tensor in lane.run(index)] for index in range(len(PLAN))] == first


def test_its_tensors_begin_at_cache_lines() -> None:
    lane = Lane(PLAN, IMAGES[:1].shape)
    assert {tensor.ctypes.data % ALIGNED_BYTES for tensor in [lane.image, *lane.run(0), *lane.run(1)]} == {0}


def test_a_stage_reached_for_the_first_time_by_a_later_image_computes_that_image() -> None:
    lane = Lane(PLAN, IMAGES[:1].shape)
    lane.image[...] = IMAGES[:1]
    lane.run(0)
    lane.image[...] = IMAGES[1:2]
    lane.run(0)
    (logits,) = [lane.run(index)[-2] for index in (1, 2)][1:]
    np.testing.assert_allclose(logits, full_depth(STAGES[:3]).run_through(IMAGES[1:2])[2][0], atol=1e-5)


def test_a_lane_that_is_lent_is_nobody_elses() -> None:
    lanes = Lanes(PLAN)
    one, other = lanes.take(IMAGES[:1]), lanes.take(IMAGES[1:2])
    assert one is not other
    lanes.give_back(one)
    assert lanes.take(IMAGES[:1]) is one


def test_an_image_of_another_size_gets_another_lane() -> None:
    lanes = Lanes(PLAN)
    lanes.give_back(lanes.take(IMAGES[:1]))
    smaller = IMAGES[:1, :, :8, :8]
    lane = lanes.take(np.ascontiguousarray(smaller))
    np.testing.assert_array_equal(lane.run(0)[-2], STAGES[0]({"image": np.ascontiguousarray(smaller)})[-2])


def test_a_stage_that_fails_in_a_lane_says_which_and_on_what() -> None:
    lane = Lane([(STAGES[0], (("image", FROM_IMAGE),))], (1, 7, 12, 16))
    with pytest.raises(EngineError, match=r"failed on inputs \{'image': \(1, 7, 12, 16\)\}"):
        lane.run(0)


def test_a_bound_stage_that_fails_says_the_same() -> None:
    class Broken:
        def run_with_iobinding(self, _binding: object) -> None:
            raise RuntimeError("out of memory")

    lane = Lane(PLAN, IMAGES[:1].shape)
    lane.image[...] = IMAGES[:1]
    lane.run(0)
    lane._bound[0] = lane._bound[0]._replace(session=Broken())
    with pytest.raises(EngineError, match=r"failed on inputs \{'image': \(1, 3, 12, 16\)\}: out of memory"):
        lane.run(0)


def test_an_answer_stays_as_it_was_when_the_next_image_comes() -> None:
    cascade = Cascade(STAGES, ExitPolicy((-math.inf,) * 3))
    first = cascade.run(IMAGES[:1])
    kept = first.logits.copy()
    cascade.run(IMAGES[1:2])
    np.testing.assert_array_equal(first.logits, kept)


def test_threads_that_share_a_cascade_do_not_meet_in_its_tensors() -> None:
    cascade = Cascade(STAGES, ExitPolicy((1.2, 1.1, 1.0)))
    wanted = [cascade.run(image) for image in IMAGES[:, None]]
    wrong = []

    def work() -> None:
        for _ in range(20):
            for image, alone in zip(IMAGES[:, None], wanted, strict=True):
                found = cascade.run(image)
                if found.exit_index != alone.exit_index or not np.array_equal(found.logits, alone.logits):
                    wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
