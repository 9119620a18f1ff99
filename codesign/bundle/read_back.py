"""Reads a written bundle back: it is whole, computes what it should, and cutting changed nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.bundle_files import check_files, read_modes, read_promises
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.manifest import Manifest, read_manifest, stage_file
from runtime.contract.precision import FP16, FP32, INT8, MIXED
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth, load_stages
from runtime.engine.golden import replay_golden

# Of the largest uncut logit. FP32: sums in another order, nothing more. FP16: an engine rounds to 11 bits at other
# places in a graph that ends earlier. INT8: a value that lies between two of 256 steps may fall to either side.
UNCUT_TOLERANCES = {FP32: 1e-5, FP16: 2e-3, INT8: 2e-2, MIXED: 2e-2}


def read_back(bundle: Path) -> Manifest:
    """The manifest of a bundle that has been checked as a board will check it: files, policy, promises, golden samples.

    Raises:
        BundleError: whatever is wrong, with the file it is wrong in.
    """
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    read_promises(bundle, manifest, read_modes(bundle, manifest))
    replay_golden(bundle, manifest)
    return manifest


def compare_with_uncut(
    bundle: Path, design: str, uncut: FloatArray, images: UInt8Array, precision: str = FP32
) -> float:
    """Run a design to full depth, image by image; every stage answers what the uncut networks answer there.

    Args:
        bundle: a bundle folder.
        design: one of its designs.
        uncut: (stages, n, classes), answers of the design's exits from networks that were never cut.
        images: (n, height, width, 3) uint8, at least one.
        precision: that both compute in.
    Returns:
        Largest absolute difference over the largest absolute uncut logit.
    Raises:
        BundleError: that is above the format's tolerance, or the shapes differ.
        ConfigError: no such design, or no images.
        EngineError: a stage fails.
    """
    manifest = read_manifest(bundle)
    if design not in manifest.stages:
        raise ConfigError(f"the bundle has no design {design!r}", to_do=f"use one of {sorted(manifest.stages)}")
    tensor = Preprocessing(manifest.input)(images)
    if not len(tensor):
        raise ConfigError("comparing needs at least one image")
    cascade = full_depth(load_stages(bundle, manifest, design))
    singles = [cascade.run_through(tensor[i : i + 1]) for i in range(len(tensor))]
    cut = np.stack([np.concatenate([single[k][0] for single in singles]) for k in range(len(singles[0]))])
    where = str(bundle / stage_file(design, manifest.stages[design] - 1))
    if cut.shape != uncut.shape:
        raise BundleError(f"design {design!r} has logits {cut.shape}, its uncut networks {uncut.shape}", where=where)
    difference = float(np.abs(cut - uncut).max() / max(float(np.abs(uncut).max()), np.finfo(np.float32).tiny))
    if not difference <= UNCUT_TOLERANCES[precision]:  # a NaN fails too
        raise BundleError(
            f"design {design!r} computes other logits than its uncut networks: they differ by {difference:.3g}"
            f" of the largest, more than {UNCUT_TOLERANCES[precision]:g}",
            where=where,
            to_do="this is a fault of cutting the network, not of your data: please report it with the model",
        )
    return difference
