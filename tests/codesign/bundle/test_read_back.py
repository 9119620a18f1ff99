"""What was written can be served, and cutting changed nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.bundle.read_back import compare_with_uncut, read_back
from runtime.contract.errors import BundleError, ConfigError
from tests.rewritten import with_file
from tests.tiny_cascade import CHAIN, LONE, TRUNK, Net, fresh_stage, random_images, uncut_trunk, write_tiny_bundle


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


def test_the_stages_of_a_network_compute_what_the_network_computes(bundle: Path) -> None:
    assert compare_with_uncut(bundle, TRUNK, uncut_trunk(), random_images(6)) <= 1e-5


@pytest.mark.parametrize("design", [CHAIN, LONE])
def test_after_a_fresh_start_it_is_the_last_network_that_counts(bundle: Path, design: str) -> None:
    difference = compare_with_uncut(bundle, design, fresh_stage(), random_images(6), uncut_output="logits")
    assert difference <= 1e-5


def test_another_network_is_not_the_uncut_one(bundle: Path) -> None:
    with pytest.raises(BundleError, match="'trunk' computes other logits than its uncut network: they differ by"):
        compare_with_uncut(bundle, TRUNK, uncut_trunk(seed=4), random_images(2))


def test_a_small_error_in_one_weight_is_found(bundle: Path) -> None:
    net = Net(10)
    net.conv("image", "wide", 3, 24)
    net.conv("wide", "deep", 24, 24, stride=2)
    net.head("deep", 24, 5, gain=5.001)  # two parts in ten thousand
    model = net.model({"image": 3}, ["logits"])
    with pytest.raises(BundleError, match=r"they differ by 0\.0002 of the largest, more than 1e-05"):
        compare_with_uncut(bundle, LONE, model, random_images(2))


def test_another_number_of_classes_is_found(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"has logits \(2, 5\), its uncut network \(2, 7\)"):
        compare_with_uncut(bundle, TRUNK, uncut_trunk(classes=7), random_images(2))


def test_what_cannot_be_compared_is_told(bundle: Path) -> None:
    with pytest.raises(ConfigError, match="has no design 'gone'"):
        compare_with_uncut(bundle, "gone", uncut_trunk(), random_images(2))
    with pytest.raises(ConfigError, match="needs at least one image"):
        compare_with_uncut(bundle, TRUNK, uncut_trunk(), random_images(0))
    with pytest.raises(ConfigError, match="needs one input, and the output 'scores'"):
        compare_with_uncut(bundle, TRUNK, uncut_trunk(), random_images(2), uncut_output="scores")
    net = Net(0)
    net.conv("image", "a", 7, 4)
    net.head("a", 4, 5)
    with pytest.raises(ConfigError, match="does not take the bundle's images"):
        compare_with_uncut(bundle, TRUNK, net.model({"image": 7}, ["logits"]), random_images(2))


def test_a_network_exported_for_one_image_can_be_compared(bundle: Path) -> None:
    import onnx

    model = onnx.load_from_string(uncut_trunk())
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    assert compare_with_uncut(bundle, TRUNK, model.SerializeToString(), random_images(3)) <= 1e-5
    assert np.isfinite(compare_with_uncut(bundle, TRUNK, uncut_trunk(), random_images(1)))
