"""What was written can be served, and cutting changed nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from codesign.bundle.read_back import compare_with_uncut, read_back
from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.manifest import read_manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth, load_stages
from runtime.engine.stage import open_session
from tests.rewritten import with_file
from tests.tiny_cascade import CHAIN, LONE, TRUNK, fresh_stage, random_images, uncut_trunk, write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_tiny_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_written_bundle_reads_back(bundle: Path) -> None:
    assert read_back(bundle).default_mode == "balanced"


def test_damage_is_found(bundle: Path) -> None:
    with_file(bundle, "designs/lone/stages/0.onnx", fresh_stage(seed=3))
    with pytest.raises(BundleError, match="golden samples differ"):
        read_back(bundle)
    (bundle / "designs/lone/stages/0.onnx").unlink()
    with pytest.raises(BundleError, match=r"designs/lone/stages/0\.onnx is missing"):
        read_back(bundle)


def uncut(bundle: Path, images: UInt8Array, models: Sequence[bytes]) -> FloatArray:
    """(stages, n, classes): what whole networks answer, the first output of each, one image at a time."""
    tensor = Preprocessing(read_manifest(bundle).input)(images)
    told = []
    for model in models:
        session = open_session(model, where="uncut")
        name = session.get_inputs()[0].name
        told.append(np.concatenate([session.run(None, {name: tensor[i : i + 1]})[0] for i in range(len(tensor))]))
    return np.stack(told)


def full_depth_answers(bundle: Path, design: str, images: UInt8Array) -> FloatArray:
    manifest = read_manifest(bundle)
    stages = full_depth(load_stages(bundle, manifest, design)).run_through(Preprocessing(manifest.input)(images))
    return np.stack([logits for logits, _ in stages])


def test_the_last_stage_of_a_network_computes_what_the_network_computes(bundle: Path) -> None:
    images = random_images(6)
    answers = full_depth_answers(bundle, TRUNK, images)
    answers[-1] = uncut(bundle, images, [uncut_trunk()])[0]
    assert compare_with_uncut(bundle, TRUNK, answers, images) <= 1e-5


@pytest.mark.parametrize("design", [CHAIN, LONE])
def test_after_a_fresh_start_it_is_the_last_network_that_counts(bundle: Path, design: str) -> None:
    images = random_images(6)
    answers = full_depth_answers(bundle, design, images)
    answers[-1] = uncut(bundle, images, [fresh_stage()])[0]
    assert compare_with_uncut(bundle, design, answers, images) <= 1e-5


@pytest.mark.parametrize("stage", [0, -1])
def test_another_network_is_not_the_uncut_one_at_whatever_stage(bundle: Path, stage: int) -> None:
    images = random_images(2)
    answers = full_depth_answers(bundle, TRUNK, images)
    answers[stage] = uncut(bundle, images, [uncut_trunk(seed=4)])[0]
    with pytest.raises(BundleError, match="'trunk' computes other logits than its uncut networks: they differ by"):
        compare_with_uncut(bundle, TRUNK, answers, images)


def test_a_small_error_in_one_weight_is_found(bundle: Path) -> None:
    images = random_images(2)
    answers = full_depth_answers(bundle, LONE, images)
    with pytest.raises(BundleError, match=r"they differ by 0\.0002 of the largest, more than 1e-05"):
        compare_with_uncut(bundle, LONE, answers * 1.0002, images)


def test_narrower_numbers_may_be_rounded_to_either_side(bundle: Path) -> None:
    images = random_images(2)
    answers = full_depth_answers(bundle, LONE, images)
    assert compare_with_uncut(bundle, LONE, answers * 1.0002, images, "fp16") == pytest.approx(2e-4, rel=0.1)
    with pytest.raises(BundleError, match=r"more than 0\.02"):
        compare_with_uncut(bundle, LONE, answers * 1.1, images, "int8")


def test_another_number_of_classes_is_found(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"has logits \(\d, 2, 5\), its uncut networks \(\d, 2, 7\)"):
        compare_with_uncut(bundle, TRUNK, np.zeros((3, 2, 7)), random_images(2))


def test_what_cannot_be_compared_is_told(bundle: Path) -> None:
    with pytest.raises(ConfigError, match="has no design 'gone'"):
        compare_with_uncut(bundle, "gone", np.zeros((3, 2, 5)), random_images(2))
    with pytest.raises(ConfigError, match="needs at least one image"):
        compare_with_uncut(bundle, TRUNK, np.zeros((3, 0, 5)), random_images(0))
