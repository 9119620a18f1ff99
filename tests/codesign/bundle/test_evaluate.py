from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.bundle.evaluate import BATCH, evaluate_mode
from runtime.contract.errors import ConfigError, DataError
from runtime.data.labelled import LabelledImages
from runtime.engine.bundle import open_bundle
from tests.tiny_cascade import CLASSES, mode, random_images, tiny_parts, write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_tiny_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def labelled(count: int = BATCH + 9) -> LabelledImages:
    """More images than one batch, labelled at random."""
    labels = np.random.default_rng(5).integers(0, len(CLASSES), size=count)
    return LabelledImages(random_images(count, seed=5), labels, CLASSES)


def test_a_mode_is_judged_by_what_its_engine_answers_to_each_image(bundle: Path) -> None:
    data = labelled()
    found = evaluate_mode(bundle, "balanced", data)
    engine = open_bundle(bundle, "balanced")
    answers = [engine.infer_batch(image[None])[0] for image in data.images]
    right = [answer.class_index == label for answer, label in zip(answers, data.labels, strict=True)]
    shares = np.bincount([answer.exit_index for answer in answers], minlength=4) / len(answers)
    assert (found.mode, found.images) == ("balanced", BATCH + 9)
    assert found.accuracy == pytest.approx(np.mean(right))
    assert found.exit_shares == pytest.approx(shares)
    assert sum(share > 0 for share in found.exit_shares) > 1  # else nothing was decided


def test_cost_is_the_promise_of_the_exits_that_were_taken(bundle: Path) -> None:
    found = evaluate_mode(bundle, "balanced", labelled())
    up_to_each_exit = np.cumsum([0.001, 0.002, 0.003, 0.004])  # what the tiny bundle promises per stage
    assert found.energy_j == pytest.approx(np.dot(found.exit_shares, up_to_each_exit))
    assert found.latency_s == pytest.approx(found.energy_j)
    assert (found.cost_kind, found.hardware) == ("simulated", "simulated test board, board rail")


def test_thresholds_that_nobody_meets_send_every_image_to_the_end(bundle: Path) -> None:
    found = evaluate_mode(bundle, "thorough", labelled())
    assert found.exit_shares == (0, 0, 0, 1)
    assert found.energy_j == pytest.approx(0.010)


def test_the_expected_accuracy_stands_beside_the_measured_one_where_there_is_one(tmp_path: Path, bundle: Path) -> None:
    assert evaluate_mode(bundle, "one-shot", labelled()).expected_accuracy == 0.25
    modes = [mode(m.name, m.design, m.policy.thresholds_nats, expected={}) for m in tiny_parts()["modes"]]
    write_tiny_bundle(tmp_path / "silent", modes=modes)
    assert evaluate_mode(tmp_path / "silent", "one-shot", labelled()).expected_accuracy is None


def test_as_json_it_says_that_its_accuracy_was_measured(bundle: Path) -> None:
    found = evaluate_mode(bundle, "trunk-only", labelled(5))
    table = found.to_json()
    assert (table["accuracy"], table["accuracy_kind"], table["cost_kind"]) == (found.accuracy, "measured", "simulated")
    assert table["exit_shares"] == found.exit_shares


def test_an_unknown_mode_is_refused(bundle: Path) -> None:
    with pytest.raises(ConfigError, match="the bundle has no mode 'hasty'"):
        evaluate_mode(bundle, "hasty", labelled(5))


def test_no_images_are_refused(bundle: Path) -> None:
    with pytest.raises(DataError, match="there are no images to evaluate on"):
        evaluate_mode(bundle, "balanced", labelled(0))
