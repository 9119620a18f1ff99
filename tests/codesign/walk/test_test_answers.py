"""Answers on the test split: of the right heads, asked once, kept."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.walk import test_answers
from codesign.walk.search_step import train_finalist
from codesign.walk.test_answers import TestAnswers
from tests.codesign.walk.conftest import Parts, no_tick

GENOME, OTHER = (0, 1, 0, 0, 1, 1, 0, 0, 1), (0, 0, 1, 0, 1, 1, 0, 0, 1)


def test_a_finalist_answers_with_its_own_heads_and_others_with_the_shared_ones(parts: Parts) -> None:
    finalist = train_finalist(parts.evaluator, GENOME, parts.preset.training, 1, 0, no_tick)
    answers = TestAnswers(parts.evaluator, {GENOME: finalist})
    own, other = answers.of_backbone(finalist.record), answers.of_backbone(parts.evaluator(OTHER))
    for log in (own, other):
        np.testing.assert_array_equal(log.labels, parts.data.test.labels)
    (parts.folder.test_logs / f"{finalist.record.name}.npz").unlink()
    shared = TestAnswers(parts.evaluator, {}).of_backbone(finalist.record)
    np.testing.assert_array_equal(own.predictions[-1], shared.predictions[-1])
    assert not np.array_equal(own.entropy_nats[:-1], shared.entropy_nats[:-1])
    assert answers.static_accuracy(finalist.record) == float(shared.correct[-1].mean())


def test_a_chain_answers_one_backbone_after_the_other(parts: Parts) -> None:
    answers, chain = TestAnswers(parts.evaluator, {}), [parts.evaluator(OTHER), parts.evaluator((0,) * 9)]
    log = answers.of_chain(chain)
    np.testing.assert_array_equal(
        log.predictions, np.concatenate([answers.of_backbone(record).predictions for record in chain])
    )


def test_nothing_is_asked_twice_not_even_by_a_resumed_run(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    first = TestAnswers(parts.evaluator, {}).of_backbone(parts.evaluator(OTHER))
    monkeypatch.setattr(test_answers, "exit_log", lambda *_: pytest.fail("asked again"))
    second = TestAnswers(parts.evaluator, {}).of_backbone(parts.evaluator(OTHER))
    np.testing.assert_array_equal(first.entropy_nats, second.entropy_nats)
