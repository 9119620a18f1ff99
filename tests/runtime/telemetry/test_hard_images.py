"""The least sure images of a day, where the owner has asked for them."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_batch import COLUMNS, SAMPLE
from runtime.serve.job import Answers, Job
from runtime.serve.served_bundle import ServedBundle
from runtime.telemetry.hard_images import DAY_S, MOST_PNG_BYTES, HardImages
from runtime.telemetry.inference import Circumstances
from tests.runtime.serve.serving_doubles import job_of
from tests.tiny_cascade import random_images


class World:
    """A clock, and what was kept."""

    def __init__(self, a_day: int = 24, png: bytes | None = None) -> None:
        self.now_s, self.kept = 0.0, []  # type: float, list[dict[str, Any]]
        self.hard = HardImages(
            a_day, lambda image: image.tobytes() if png is None else png, self.kept.append, now_s=lambda: self.now_s
        )

    def tick(self, seconds: float) -> None:
        self.now_s += seconds
        self.hard.ticked(Circumstances())


def answered(bundle: ServedBundle, *nats: float, images: Any = None) -> Job:
    job = job_of(bundle, random_images(len(nats)) if images is None else images)
    exits = np.zeros(len(nats), dtype=np.int64)
    job.answers = Answers(np.zeros((len(nats), 5), dtype=np.float32), exits, np.array(nats, dtype=np.float32), 0.0, 0.0)
    return job


def test_of_each_stretch_of_a_day_the_least_sure_image_is_kept(served: ServedBundle) -> None:
    world = World(a_day=24)
    job = answered(served, 0.1, 1.5, 0.2)
    for k in range(3):
        world.hard.look(job, k)
    world.tick(3599.0)
    assert world.kept == []
    world.tick(2.0)
    (row,) = world.kept
    assert row.keys() == COLUMNS[SAMPLE].keys()
    assert base64.b64decode(row["image_png"]) == job.images[1].tobytes()
    assert (row["mode"], row["exit_index"], row["entropy_unats"]) == ("balanced", 0, 1_500_000)


def test_a_day_yields_no_more_than_was_agreed_to(served: ServedBundle) -> None:
    world = World(a_day=5)
    for _ in range(24 * 60):
        world.hard.look(answered(served, 1.0), 0)
        world.tick(60.0)
    assert world.now_s == DAY_S
    assert len(world.kept) <= 5


def test_what_was_normalised_by_the_client_is_no_picture(served: ServedBundle) -> None:
    world = World()
    world.hard.look(answered(served, 1.0, images=np.zeros((1, 3, 12, 16), dtype=np.float32)), 0)
    world.tick(DAY_S)
    assert world.kept == []


def test_an_image_too_large_to_be_sent_is_left_out(served: ServedBundle) -> None:
    world = World(png=b"x" * (MOST_PNG_BYTES + 1))
    world.hard.look(answered(served, 1.0), 0)
    world.tick(DAY_S)
    assert world.kept == []


@pytest.mark.parametrize("a_day", [0, -1, 1001])
def test_as_many_as_cannot_be_meant_are_refused(a_day: int) -> None:
    with pytest.raises(ConfigError, match="images a day cannot be kept"):
        World(a_day=a_day)


def test_an_image_whose_entropy_is_not_known_is_not_the_least_sure(served: ServedBundle) -> None:
    world = World()
    for k, job in enumerate([answered(served, 0.5, math.nan)] * 2):
        world.hard.look(job, k)
    world.tick(DAY_S)
    assert [row["entropy_unats"] for row in world.kept] == [500_000]
