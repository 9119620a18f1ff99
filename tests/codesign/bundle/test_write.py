"""A bundle is written whole or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.bundle import write
from runtime.contract.errors import ConfigError, EngineError, ShapeError, StorageError
from runtime.contract.manifest import read_manifest
from runtime.engine.bundle import open_bundle
from runtime.engine.golden import logits_key
from tests.tiny_cascade import (
    CHAIN,
    LONE,
    TRUNK,
    broken_stage,
    fresh_stage,
    mode,
    promise,
    random_images,
    tiny_parts,
    trunk_stages,
    write_tiny_bundle,
)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_what_the_format_says(tmp_path: Path) -> None:
    manifest = write_tiny_bundle(tmp_path / "bundle")
    stages = {f"designs/{d}/stages/{k}.onnx" for d, n in {CHAIN: 4, TRUNK: 3, LONE: 1}.items() for k in range(n)}
    assert set(manifest.files) == {"policy.json", "predictor.json", "golden.npz"} | stages
    assert set(contents(tmp_path / "bundle")) == {"manifest.json", *manifest.files}
    assert read_manifest(tmp_path / "bundle") == manifest
    assert manifest.stages == {CHAIN: 4, TRUNK: 3, LONE: 1}


def test_golden_logits_are_one_array_per_design_and_stage(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundle")
    with np.load(tmp_path / "bundle" / "golden.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {
            "images",
            *(logits_key(d, k) for d, n in ((CHAIN, 4), (TRUNK, 3), (LONE, 1)) for k in range(n)),
        }
        assert archive[logits_key(CHAIN, 3)].shape == (3, 5)
        np.testing.assert_array_equal(archive["images"], random_images(3, seed=99))
        np.testing.assert_array_equal(archive[logits_key(CHAIN, 3)], archive[logits_key(LONE, 0)])  # the fresh start


def test_modes_come_back_as_they_were_given(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundle")
    for given in tiny_parts()["modes"]:
        engine = open_bundle(tmp_path / "bundle", given.name)
        assert engine.mode == given
        assert engine.promise == promise(given.policy.stages)
    assert open_bundle(tmp_path / "bundle", "thorough").mode.policy.thresholds_nats == (-math.inf,) * 3
    assert "Infinity" not in (tmp_path / "bundle" / "policy.json").read_text()
    assert json.loads((tmp_path / "bundle" / "policy.json").read_text())["format_version"] == "1.0"


def test_the_same_parts_give_the_same_bytes_and_id(tmp_path: Path) -> None:
    first, second = (write_tiny_bundle(tmp_path / name) for name in ("first", "second"))
    assert first.bundle_id == second.bundle_id
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    assert write_tiny_bundle(tmp_path / "third", seed=1).bundle_id != first.bundle_id


def test_an_older_bundle_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "out" / "bundle")
    newer = write_tiny_bundle(tmp_path / "out" / "bundle", seed=1)
    assert read_manifest(tmp_path / "out" / "bundle") == newer
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["bundle"]


@pytest.mark.parametrize("existing", ["folder", "file"])
def test_what_is_no_bundle_is_not_overwritten(tmp_path: Path, existing: str) -> None:
    out = tmp_path / "out"
    if existing == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "thesis.tex").write_text("mine")
    with pytest.raises(
        StorageError, match="is not a folder" if existing == "file" else "holds files that are no bundle"
    ):
        write_tiny_bundle(out)
    assert (out if existing == "file" else out / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_the_older_bundle_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    out = tmp_path / "bundle"
    write_tiny_bundle(out)
    before, calls, real = contents(tmp_path), [], write._write_json

    def full(path: Path, value: Any) -> None:
        calls.append(path)
        if len(calls) == call:
            path.write_text("{")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, value)

    monkeypatch.setattr(write, "_write_json", full)
    with pytest.raises(StorageError, match="the bundle cannot be written: No space left on device"):
        write_tiny_bundle(out, seed=1)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_switch_that_fails_puts_the_older_bundle_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "bundle"
    older, real = write_tiny_bundle(out), Path.rename

    def refused(self: Path, target: Path) -> Path:
        if ".writing-" in self.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StorageError, match="Input/output error"):
        write_tiny_bundle(out, seed=1)
    assert read_manifest(out) == older


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"modes": []}, "needs modes with names that differ"),
        ({"modes": [mode("a", LONE, ()), mode("a", LONE, ())]}, "needs modes with names that differ"),
        ({"default_mode": "turbo"}, "the default mode 'turbo' is none of"),
        ({"promises": {}}, r"promises are for \[\], modes are"),
        ({"modes": [mode("balanced", "gone", ())], "promises": {"balanced": promise(1)}}, "uses the design 'gone'"),
        ({"modes": [mode("balanced", LONE, (0.5,))], "promises": {"balanced": promise(2)}}, "has 1 thresholds for 1"),
        ({"modes": [mode("balanced", LONE, ())], "promises": {"balanced": promise(2)}}, "2 latencies and 2 energies"),
        ({"stage_models": {"../evil": [fresh_stage()]}}, "cannot be a folder name"),
        ({"stage_models": {CHAIN: []}}, "design 'chain-1' has no stages"),
        ({"golden_images": random_images(0)}, "at least one golden image"),
        ({"classes": ("cat", "dog")}, "has 5 logits for 2 classes"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        write_tiny_bundle(tmp_path / "bundle", **changes)
    assert list(tmp_path.iterdir()) == []


def test_golden_images_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=re.escape("images must be (batch, 12, 16, 3)")):
        write_tiny_bundle(tmp_path / "bundle", golden_images=np.zeros((1, 9, 9, 3), np.uint8))


def test_a_stage_that_answers_nan_is_not_written(tmp_path: Path) -> None:
    models = {**tiny_parts()["stage_models"], LONE: [broken_stage()]}
    with pytest.raises(EngineError, match=r"stage 0 answered with logits that are not finite(.|\n)*design 'lone'"):
        write_tiny_bundle(tmp_path / "bundle", stage_models=models)


def test_stages_that_do_not_fit_each_other_are_not_written(tmp_path: Path) -> None:
    models = {**tiny_parts()["stage_models"], TRUNK: [trunk_stages()[k] for k in (0, 2, 1)]}
    with pytest.raises(EngineError, match="asks for 'middle'"):
        write_tiny_bundle(tmp_path / "bundle", stage_models=models)
