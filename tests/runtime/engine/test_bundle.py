"""A bundle opened in a mode answers images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runtime
from runtime.contract.errors import BundleError, ConfigError, EngineError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.bundle import Engine, open_bundle
from tests.rewritten import with_file, with_manifest
from tests.tiny_cascade import CLASSES, SPEC, broken_stage, random_images, write_tiny_bundle


def test_it_is_what_the_package_itself_offers() -> None:
    assert runtime.open_bundle is open_bundle
    assert "open_bundle" in dir(runtime)
    with pytest.raises(AttributeError, match="no attribute 'open_bundel'"):
        runtime.open_bundel  # noqa: B018


def test_an_answer_says_class_probability_exit_and_time(bundle: Path) -> None:
    engine = runtime.open_bundle(bundle)
    answer = engine.infer(random_images(1)[0])
    assert answer.label == CLASSES[answer.class_index]
    assert answer.probabilities.shape == (5,)
    assert answer.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert answer.probabilities.argmax() == answer.class_index
    assert 0 <= answer.exit_index < 4
    assert 0.0 <= answer.entropy_nats <= np.log(5) + 1e-5
    assert answer.latency_s > 0.0


def test_the_default_mode_is_opened_unless_another_is_named(bundle: Path) -> None:
    assert open_bundle(bundle).mode.name == "balanced"
    engine = open_bundle(str(bundle), mode="trunk-only")
    assert engine.mode.design == "trunk"
    assert engine.modes == ("balanced", "thorough", "trunk-only", "one-shot")
    assert engine.classes == CLASSES
    assert len(engine.promise.stage_energy_j) == 3


def test_the_mode_that_never_leaves_early_always_reaches_the_last_exit(bundle: Path) -> None:
    engine = open_bundle(bundle, mode="thorough")
    assert {answer.exit_index for answer in engine.infer_batch(random_images(8))} == {3}


def test_single_and_batch_agree(bundle: Path) -> None:
    engine, images = open_bundle(bundle), random_images(20, seed=3)
    batch = engine.infer_batch(images)
    assert len({answer.exit_index for answer in batch}) > 1
    for image, from_batch in zip(images, batch, strict=True):
        alone = engine.infer(image)
        assert (alone.label, alone.exit_index) == (from_batch.label, from_batch.exit_index)
        np.testing.assert_allclose(alone.probabilities, from_batch.probabilities, atol=1e-5)


def test_an_empty_batch_has_no_answers(bundle: Path) -> None:
    assert open_bundle(bundle).infer_batch(random_images(0)) == []


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (np.zeros((SPEC.height, SPEC.width), np.uint8), r"one image must be .*\(12, 16, 3\), got shape \(12, 16\)"),
        (np.zeros((1, SPEC.height, SPEC.width, 3), np.uint8), "got shape \\(1, 12, 16, 3\\)(.|\\n)*infer_batch"),
        ([[[0, 0, 0]]], "one image must be a numpy array .*, got list"),
        (np.zeros((SPEC.width, SPEC.height, 3), np.uint8), r"images must be \(batch, 12, 16, 3\)"),
        (np.zeros((SPEC.height, SPEC.width, 4), np.uint8), r"images must be \(batch, 12, 16, 3\)"),
        (np.zeros((SPEC.height, SPEC.width, 3), np.float32), "images must be uint8 .* got float32"),
    ],
)
def test_an_image_of_another_shape_or_type_is_refused(bundle: Path, image: Any, complaint: str) -> None:
    with pytest.raises(ShapeError, match=complaint):
        open_bundle(bundle).infer(image)


def test_a_batch_of_another_shape_is_refused(bundle: Path) -> None:
    with pytest.raises(ShapeError, match=r"images must be \(batch, 12, 16, 3\)"):
        open_bundle(bundle).infer_batch(random_images(1)[0])


def test_an_unknown_mode_names_those_there_are(bundle: Path) -> None:
    with pytest.raises(ConfigError, match=r"no mode 'turbo'(.|\n)*balanced, thorough"):
        open_bundle(bundle, mode="turbo")


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"is not a bundle: it has no manifest\.json"):
        open_bundle(tmp_path / "nowhere")


def test_every_changed_byte_is_found(bundle: Path) -> None:
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    assert len(files) == 4 + 4 + 3 + 1
    for path in files:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        with pytest.raises(BundleError, match=path.name if path.name != "manifest.json" else "manifest"):
            open_bundle(bundle)
        path.write_bytes(content)
    open_bundle(bundle)


def test_a_newer_major_version_is_refused_even_with_a_correct_id(bundle: Path) -> None:
    with_manifest(bundle, lambda table: table.update(format_version="99.0"))
    with pytest.raises(BundleError, match=r"format version 99\.0; this runtime reads up to 1\.x"):
        open_bundle(bundle)


def test_a_newer_minor_version_with_more_keys_is_read(bundle: Path) -> None:
    with_manifest(bundle, lambda table: table.update(format_version="1.7", licence="as you like"))
    assert open_bundle(bundle).infer(random_images(1)[0]).label in CLASSES


def test_a_stage_that_answers_nan_is_named(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundle", golden_images=np.zeros((1, SPEC.height, SPEC.width, 3), np.uint8))
    with_file(tmp_path / "bundle", "designs/lone/stages/0.onnx", broken_stage())
    engine = open_bundle(tmp_path / "bundle", mode="one-shot")
    bright = np.full((SPEC.height, SPEC.width, 3), 255, np.uint8)
    with pytest.raises(EngineError, match=r"stage 0 answered with logits that are not finite(.|\n)*stages/0\.onnx"):
        engine.infer(bright)


def test_latency_counts_from_the_image_until_the_answer(bundle: Path) -> None:
    opened = open_bundle(bundle)
    ticks = iter([10.0, 10.25])
    engine = Engine(
        cascade=opened._cascade,
        manifest=opened.manifest,
        mode=opened.mode,
        promise=opened.promise,
        clock=lambda: next(ticks),
    )
    assert engine.infer(random_images(1)[0]).latency_s == 0.25


def test_the_policy_is_that_of_the_mode(bundle: Path) -> None:
    assert open_bundle(bundle).mode.policy == ExitPolicy((1.2, 1.1, 1.0))
