"""Golden samples come out here as they did where the bundle was compiled."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import BundleError
from runtime.contract.manifest import GOLDEN, POLICY, read_manifest
from runtime.engine.golden import TOLERANCES, logits_key, replay_golden
from tests.rewritten import with_file, with_json, with_manifest
from tests.tiny_cascade import Net, broken_stage, fresh_stage


def change_golden(bundle: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with np.load(bundle / GOLDEN) as archive:
        arrays: dict[str, Any] = {name: archive[name].copy() for name in archive.files}
    change(arrays)
    content = io.BytesIO()
    np.savez(content, **arrays)
    with_file(bundle, GOLDEN, content.getvalue())


def replayed(bundle: Path) -> float:
    return replay_golden(bundle, read_manifest(bundle))


def test_an_unharmed_bundle_replays_within_its_tolerance(bundle: Path) -> None:
    assert 0.0 <= replayed(bundle) < 0.1


@pytest.mark.parametrize(("share", "passes"), [(0.5, True), (2.0, False)])
@pytest.mark.parametrize("precision", TOLERANCES)
def test_logits_may_differ_by_the_tolerance_of_their_format_and_no_more(
    bundle: Path, share: float, passes: bool, precision: str
) -> None:
    key = logits_key("trunk", 1)
    with_json(bundle, POLICY, lambda table: [mode.update(precision=precision) for mode in table["modes"]])

    def shift(arrays: dict[str, Any]) -> None:
        arrays[key][0, 0] += share * TOLERANCES[precision] * max(1.0, np.abs(arrays[key]).max())

    change_golden(bundle, shift)
    if passes:
        assert replayed(bundle) == pytest.approx(share, rel=0.05)
    else:
        with pytest.raises(BundleError, match=r"design 'trunk', stage 1: logits on the golden samples differ by"):
            replayed(bundle)


def test_another_network_in_a_stage_is_found(bundle: Path) -> None:
    with_file(bundle, "designs/lone/stages/0.onnx", fresh_stage(seed=77))
    with pytest.raises(BundleError, match="design 'lone', stage 0: logits"):
        replayed(bundle)


def test_a_stage_that_reports_another_entropy_is_found(bundle: Path) -> None:
    net = Net(10)  # the weights of the stage it replaces, so that logits agree
    net.conv("image", "wide", 3, 24)
    net.conv("wide", "deep", 24, 24, stride=2)
    net.head("deep", 24, 5, gain=5.0)
    next(node for node in net.nodes if node.op_type == "Neg").op_type = "Identity"
    with_file(bundle, "designs/lone/stages/0.onnx", net.model({"image": 3}, ["logits", "entropy"]))
    with pytest.raises(BundleError, match="design 'lone', stage 0: entropy"):
        replayed(bundle)


def test_a_stage_that_cannot_run_is_a_fault_of_the_bundle(bundle: Path) -> None:
    with_file(bundle, "designs/lone/stages/0.onnx", b"nonsense")
    with pytest.raises(BundleError, match="golden samples cannot be replayed: ONNX Runtime"):
        replayed(bundle)


def test_a_stage_that_answers_nan_is_a_fault_of_the_bundle(bundle: Path) -> None:
    with_file(bundle, "designs/lone/stages/0.onnx", broken_stage())
    with pytest.raises(BundleError, match="golden samples cannot be replayed: stage 0 answered with logits that are"):
        replayed(bundle)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda arrays: arrays.pop("images"), "cannot be read.*images"),
        (lambda arrays: arrays.pop("logits__trunk__2"), "cannot be read.*logits__trunk__2"),
        (lambda arrays: arrays.update(images=arrays["images"][:0]), "its images are uint8"),
        (lambda arrays: arrays.update(images=arrays["images"].astype(np.float32)), "its images are float32"),
        (lambda arrays: arrays.update(images=arrays["images"][:, 1:]), "do not fit the bundle's input"),
        (lambda arrays: arrays.update(logits__lone__0=arrays["logits__lone__0"][:1]), "logits__lone__0 is float32"),
        (lambda arrays: arrays.update(logits__lone__0=np.array([{}])), "cannot be read.*Object arrays"),
    ],
)
def test_unusable_golden_samples_are_named(bundle: Path, change: Callable[[Any], None], complaint: str) -> None:
    change_golden(bundle, change)
    with pytest.raises(BundleError, match=rf"golden\.npz is unusable: (.|\n)*{complaint}"):
        replayed(bundle)


def test_a_file_that_is_no_archive_is_refused(bundle: Path) -> None:
    with_file(bundle, GOLDEN, b"PK no archive")
    with pytest.raises(BundleError, match=r"golden\.npz is unusable: it cannot be read"):
        replayed(bundle)


def test_other_classes_than_logits_are_found(bundle: Path) -> None:
    with_manifest(bundle, lambda table: table.update(classes=["only", "two"]))
    with pytest.raises(BundleError, match=r"golden\.npz is unusable: logits__.* is float32 \(3, 5\)"):
        replayed(bundle)
