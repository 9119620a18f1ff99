"""Labelled images replayed one at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import DataError
from runtime.contract.kind import Kind
from runtime.engine.bundle import open_bundle
from runtime.engine.replay import replay
from tests.tiny_cascade import random_images


def test_accuracy_exits_and_promised_energy_are_those_of_the_answers(bundle: Path) -> None:
    engine, images = open_bundle(bundle), random_images(12, seed=8)
    answers = [engine.infer(image) for image in images]
    labels = np.array([answer.class_index for answer in answers])
    labels[:3] = (labels[:3] + 1) % 5  # three of twelve wrong
    seen = []
    found = replay(engine, images, labels, data="drawn", hardware="here", on_image=lambda: seen.append(1))
    assert found.accuracy.value == 0.75
    assert (found.accuracy.kind, found.accuracy.on) == (Kind.MEASURED, "drawn")
    assert found.exit_counts == tuple(sum(answer.exit_index == k for answer in answers) for k in range(4))
    assert sum(found.exit_shares) == pytest.approx(1.0)
    # 1, 2, 3, 4 mJ per stage: an image that leaves at exit k costs 1 + ... + (k + 1)
    wanted_j = np.mean([0.001 * sum(range(1, answer.exit_index + 2)) for answer in answers])
    assert found.energy_j.value == pytest.approx(wanted_j)
    assert (found.energy_j.kind, found.energy_j.on) == (Kind.SIMULATED, "simulated test board, board rail")
    assert 0 < found.latency_p50_s.value <= found.latency_p99_s.value
    assert len(seen) == 12
    assert found.to_json()["accuracy"] == {"value": 0.75, "kind": "measured", "on": "drawn"}


def test_no_images_or_too_few_labels_cannot_be_replayed(bundle: Path) -> None:
    engine = open_bundle(bundle)
    with pytest.raises(DataError, match="0 images with 0 labels cannot be replayed"):
        replay(engine, random_images(0), np.zeros(0, np.int64), data="d", hardware="h")
    with pytest.raises(DataError, match="2 images with 1 labels cannot be replayed"):
        replay(engine, random_images(2), np.zeros(1, np.int64), data="d", hardware="h")
