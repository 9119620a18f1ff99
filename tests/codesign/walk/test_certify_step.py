"""codesign/walk/certify_step.py"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from codesign.policy.averaging import Averaging
from codesign.policy.exit_log import ExitLog
from codesign.search.choose import ChosenDesign
from codesign.search.inner_front import InnerDesign
from codesign.walk.certify_step import certificate_of, certified_mode
from codesign.walk.test_answers import TestAnswers
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.fingerprint import arrays_sha256
from runtime.contract.operating_point import OperatingPoint
from runtime.data.labelled import LabelledImages
from tests.codesign.search.records import record

DESIGN = InnerDesign(0, 0b1, 0, OperatingPoint(10**9, 10**9, 10**9), 0.5, 1.0, 1.0, 1.0)


def answers_with(harmed_of_1000: int, entropy_of_harm: float) -> TestAnswers:
    """Two exits on 1,000 images; the last is right, the first wrong on a few of this entropy and sure of the rest."""
    entropy = np.where(np.arange(1000) < harmed_of_1000, entropy_of_harm, 0.01)
    first = (np.arange(1000) < harmed_of_1000).astype(np.int64)
    zeros = np.zeros(1000, dtype=np.int64)
    log = ExitLog(np.stack([entropy, entropy]), np.stack([first, zeros]), zeros)
    split = LabelledImages(np.zeros((1000, 2, 2, 3), dtype=np.uint8), zeros, ("a", "b"))
    fake: Any = SimpleNamespace(of_design=lambda _chosen: log, classes=2, split=split)
    return cast(TestAnswers, fake)


def start(threshold: float) -> ChosenDesign:
    return ChosenDesign((record((0,)),), DESIGN, ExitPolicy((threshold,)), averaging=Averaging(0.3))


def test_thresholds_are_opened_as_far_as_the_images_let_pass() -> None:
    mode, sentence = certified_mode(start(0.02), answers_with(50, entropy_of_harm=0.5), 0.01, 0.1)
    assert mode is not None
    assert 0.02 < mode.chosen.policy.thresholds_nats[0] < 0.5
    assert mode.chosen.averaging == Averaging(0.3)
    assert sentence == mode.certificate.sentence


def test_the_mode_is_what_the_walk_on_the_same_log_certifies() -> None:
    answers, design = answers_with(50, entropy_of_harm=0.5), start(0.02)
    mode, _ = certified_mode(design, answers, 0.01, 0.1)
    assert mode is not None
    found = certificate_of(design, answers.of_design(design), 2, 0.01, 0.1)
    assert (found.policy, found.level) == (mode.chosen.policy, mode.certificate.level)


def test_thresholds_that_harm_too_much_are_closed() -> None:
    mode, _ = certified_mode(start(0.6), answers_with(50, entropy_of_harm=0.5), 0.01, 0.1)
    assert mode is not None
    assert mode.chosen.policy.thresholds_nats[0] < 0.5


def test_who_checks_finds_what_the_promise_stands_on() -> None:
    answers = answers_with(0, 0.0)
    mode, _ = certified_mode(start(0.6), answers, 0.02, 0.05)
    assert mode is not None
    told = mode.to_json()
    assert (told["epsilon"], told["delta"], told["n"], told["risk_name"]) == (0.02, 0.05, 1000, "harm")
    assert told["precision"] == "fp32"
    assert told["images_sha256"] == arrays_sha256(answers.split.images, answers.split.labels)


def test_a_certificate_says_in_which_format_it_was_tested_and_against_which() -> None:
    mode, sentence = certified_mode(start(0.02), answers_with(50, entropy_of_harm=0.5), 0.01, 0.1, "int8")
    assert mode is not None
    assert mode.to_json()["precision"] == "int8"
    assert sentence.endswith("Tested in INT8; the full network it is held against is in FP32.")


def test_where_nothing_passes_there_is_no_mode_and_full_depth_is_said() -> None:
    mode, sentence = certified_mode(start(0.6), answers_with(50, entropy_of_harm=0.0), 0.01, 0.1)
    assert mode is None
    assert sentence.startswith("No certified mode: Nothing that leaves early could be certified")


def test_too_few_images_are_said_to_be_too_few() -> None:
    mode, sentence = certified_mode(start(0.6), answers_with(0, 0.0), 0.001, 0.1)
    assert mode is None
    assert sentence == (
        "No certified mode: 1000 images cannot certify harm 0.10% with 90% confidence; it takes 2302 at least."
    )


def test_a_design_without_exits_needs_no_certificate() -> None:
    alone = ChosenDesign((record((0,)),), DESIGN, ExitPolicy(()))
    mode, sentence = certified_mode(alone, answers_with(0, 0.0), 0.01, 0.1)
    assert mode is None
    assert "no exit pays under so little harm" in sentence
    assert certified_mode(None, answers_with(0, 0.0), 0.01, 0.1)[0] is None
