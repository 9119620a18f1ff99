"""An answer hangs together: its class, its probabilities and its exit say one thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.contract.entropy import entropy_nats
from runtime.engine.bundle import open_bundle
from tests.tiny_cascade import random_images


def test_the_class_is_the_likeliest_and_the_entropy_that_of_the_probabilities(bundle: Path) -> None:
    engine = open_bundle(bundle)
    for image in random_images(12, seed=1):
        answer = engine.infer(image)
        assert answer.class_index == int(np.argmax(answer.probabilities))
        assert answer.label == engine.classes[answer.class_index]
        assert float(answer.probabilities.sum()) == pytest.approx(1.0, abs=1e-6)
        found_nats = entropy_nats(np.log(answer.probabilities)[None])[0]
        assert answer.entropy_nats == pytest.approx(float(found_nats), abs=1e-4)
        assert 0 <= answer.exit_index < engine.mode.policy.stages
        assert answer.latency_s > 0.0


def test_an_answer_cannot_be_changed_afterwards(bundle: Path) -> None:
    answer = open_bundle(bundle).infer(random_images(1)[0])
    with pytest.raises(AttributeError, match="cannot assign to field 'label'"):
        answer.label = "another"  # type: ignore[misc]
