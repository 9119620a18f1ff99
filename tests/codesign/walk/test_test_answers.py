"""Answers on the test split: of the right heads, asked once, kept."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.policy.averaging import NONE, Averaging
from codesign.search.choose import ChosenDesign
from codesign.search.inner_front import InnerDesign
from codesign.walk import test_answers
from codesign.walk.search_step import train_finalist
from codesign.walk.test_answers import TestAnswers
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.operating_point import OperatingPoint
from tests.codesign.walk.conftest import Parts, no_tick

GENOME, OTHER = (0, 1, 0, 0, 1, 1, 0, 0, 1), (0, 0, 1, 0, 1, 1, 0, 0, 1)


def inner_design(mask: int) -> InnerDesign:
    return InnerDesign(0, mask, 0, OperatingPoint(10**9, 10**9, 10**9), 0.5, 1.0, 1.0, 1.0)


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


def test_a_design_answers_one_backbone_after_the_other_with_its_own_averaging(parts: Parts) -> None:
    finalists = {g: train_finalist(parts.evaluator, g, parts.preset.training, 1, 0, no_tick) for g in (GENOME, OTHER)}
    answers = TestAnswers(parts.evaluator, finalists, folder=parts.folder.path / "fresh")
    chain = tuple(finalist.record for finalist in finalists.values())
    apart = np.concatenate([answers.of_backbone(record).entropy_nats for record in chain])
    mask = (1 << (len(apart) - 1)) - 1
    for averaging, equal in ((NONE, True), (Averaging(0.5), False)):
        chosen = ChosenDesign(chain, inner_design(mask), ExitPolicy((0.1,) * (len(apart) - 1)), averaging)
        log = answers.of_design(chosen)
        assert np.allclose(log.entropy_nats, apart, atol=1e-5) is equal
        np.testing.assert_allclose(log.entropy_nats[0], apart[0], atol=1e-5)  # nobody answered before the first


def test_harm_is_counted_against_the_full_network_and_not_against_the_end_of_the_chain(parts: Parts) -> None:
    finalists = {g: train_finalist(parts.evaluator, g, parts.preset.training, 1, 0, no_tick) for g in (GENOME, OTHER)}
    one, other = (finalists[genome].record for genome in (GENOME, OTHER))
    answers = TestAnswers(parts.evaluator, finalists, other, folder=parts.folder.path / "against")
    log = answers.of_design(ChosenDesign((one,), inner_design(0), ExitPolicy(())))
    np.testing.assert_array_equal(log.full_right, answers.of_backbone(other).correct[-1])


def test_another_split_is_kept_apart(parts: Parts) -> None:
    finalist = train_finalist(parts.evaluator, GENOME, parts.preset.training, 1, 0, no_tick)
    folder = parts.folder.path / "certify"
    log = TestAnswers(parts.evaluator, {GENOME: finalist}, split=parts.data.certify, folder=folder).of_backbone(
        finalist.record
    )
    np.testing.assert_array_equal(log.labels, parts.data.certify.labels)
    assert (folder / f"{finalist.record.name}.npz").is_file()


def test_nothing_is_asked_twice_not_even_by_a_resumed_run(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    first = TestAnswers(parts.evaluator, {}).of_backbone(parts.evaluator(OTHER))
    monkeypatch.setattr(test_answers, "exit_log", lambda *_: pytest.fail("asked again"))
    second = TestAnswers(parts.evaluator, {}).of_backbone(parts.evaluator(OTHER))
    np.testing.assert_array_equal(first.entropy_nats, second.entropy_nats)
