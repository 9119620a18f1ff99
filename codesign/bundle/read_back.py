"""Reads a written bundle back: it is whole, computes what it should, and cutting changed nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.bundle_files import check_files, read_modes, read_promises
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.manifest import Manifest, read_manifest, stage_file
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth, load_stages
from runtime.engine.golden import replay_golden
from runtime.engine.stage import ORT_ERRORS, open_session

UNCUT_TOLERANCE = 1e-5  # of the largest uncut logit: float32 sums in another order, nothing more


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
    bundle: Path, design: str, uncut_model: bytes, images: UInt8Array, *, uncut_output: str | None = None
) -> float:
    """Run a design to full depth and the network its last stage belongs to in one piece; their logits agree.

    Args:
        bundle: a bundle folder.
        design: one of its designs.
        uncut_model: the network from its image input to its logits, before it was cut. Where the design starts
            afresh on the way, this is the network that the last fresh start belongs to.
        images: (n, height, width, 3) uint8, at least one.
        uncut_output: name of its logits; its first output if not given.
    Returns:
        Largest absolute difference over the largest absolute uncut logit.
    Raises:
        BundleError: that is above 1e-5, or the shapes differ.
        ConfigError: no such design, no images, or a model that is not of one input with that output.
        EngineError: a model cannot be loaded or fails.
    """
    manifest = read_manifest(bundle)
    if design not in manifest.stages:
        raise ConfigError(f"the bundle has no design {design!r}", to_do=f"use one of {sorted(manifest.stages)}")
    tensor = Preprocessing(manifest.input)(images)
    if not len(tensor):
        raise ConfigError("comparing needs at least one image")
    cascade = full_depth(load_stages(bundle, manifest, design))
    # One by one: the user's network may have been exported for a batch of one.
    cut = np.concatenate([cascade.run(tensor[i : i + 1]).logits for i in range(len(tensor))])
    uncut = _uncut_logits(uncut_model, tensor, uncut_output)
    where = str(bundle / stage_file(design, manifest.stages[design] - 1))
    if cut.shape != uncut.shape:
        raise BundleError(f"design {design!r} has logits {cut.shape}, its uncut network {uncut.shape}", where=where)
    difference = float(np.abs(cut - uncut).max() / max(float(np.abs(uncut).max()), np.finfo(np.float32).tiny))
    if not difference <= UNCUT_TOLERANCE:  # a NaN fails too
        raise BundleError(
            f"design {design!r} computes other logits than its uncut network: they differ by {difference:.3g}"
            f" of the largest, more than {UNCUT_TOLERANCE:g}",
            where=where,
            to_do="this is a fault of cutting the network, not of your data: please report it with the model",
        )
    return difference


def _uncut_logits(model: bytes, tensor: FloatArray, output: str | None) -> FloatArray:
    session = open_session(model, where="the uncut network")
    inputs, outputs = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
    name = outputs[0] if output is None else output
    if len(inputs) != 1 or name not in outputs:
        raise ConfigError(
            f"the uncut network has inputs {inputs} and outputs {outputs}; it needs one input, and the output {name!r}"
        )
    try:
        return np.concatenate([session.run([name], {inputs[0]: tensor[i : i + 1]})[0] for i in range(len(tensor))])
    except ORT_ERRORS as error:
        raise ConfigError(f"the uncut network does not take the bundle's images: {error}") from error
