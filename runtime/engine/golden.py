"""Replays a bundle's golden samples: the stages compute here what they computed where they were compiled."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.bundle_files import read_modes
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import BundleError, EngineError, ShapeError
from runtime.contract.manifest import GOLDEN, Manifest, stage_file
from runtime.contract.precision import FP16, FP32, INT8, MIXED
from runtime.contract.preprocessing import Preprocessing

from .bundle import full_depth, load_stages
from .provider import ON_CPU, Provider

# Absolute, or relative to the largest expected logit of that stage. Other processors sum in another order: float32
# logits then differ by about 1e-6 of the largest; a wrong operator or a flipped weight by far more than this. Where
# values are rounded to 11 or to 8 bits on the way, that order decides to which side some of them fall.
TOLERANCES = {FP32: 1e-4, FP16: 1e-2, INT8: 5e-2, MIXED: 5e-2}
IMAGES = "images"


def logits_key(design: str, stage: int) -> str:
    """Name of the array in `golden.npz` that holds a stage's expected logits (images, classes)."""
    return f"logits__{design}__{stage}"


def replay_golden(bundle: Path, manifest: Manifest, provider: Provider = ON_CPU) -> float:
    """Run every stage of every design on the golden images and compare its logits and entropy.

    Args:
        provider: what the stages run on.
    Returns:
        The largest deviation found, in units of the tolerance: at most 1.
    Raises:
        BundleError: `golden.npz` is unreadable or incomplete, a stage fails, or it computes something else.
    """
    images, expected = read_golden(bundle, manifest)
    try:
        tensor = Preprocessing(manifest.input)(images)
    except ShapeError as error:
        raise _unusable(bundle, f"its images do not fit the bundle's input: {error.what}") from error
    formats = {mode.design: mode.precision for mode in read_modes(bundle, manifest).values()}
    worst = 0.0
    for design in manifest.stages:
        precision = formats.get(design, FP32)
        tolerance = TOLERANCES.get(precision, TOLERANCES[FP32])
        on = replace(provider, precision=precision)
        try:
            answers = full_depth(load_stages(bundle, manifest, design, provider=on)).run_through(tensor)
        except EngineError as error:
            raise BundleError(
                f"the golden samples cannot be replayed: {error.what}",
                where=error.where,
                to_do="keep the bundle that is current, and compile this one again",
            ) from error
        for k, (logits, entropy) in enumerate(answers):
            wanted = expected[logits_key(design, k)]
            where = str(bundle / stage_file(design, k))
            if logits.shape != wanted.shape:
                raise _unusable(bundle, f"{logits_key(design, k)} has shape {wanted.shape}, the stage {logits.shape}")
            worst = max(worst, _deviation(logits, wanted, tolerance, f"design {design!r}, stage {k}: logits", where))
            what = f"design {design!r}, stage {k}: entropy"  # float32 in every format
            worst = max(worst, _deviation(entropy, entropy_nats(logits), TOLERANCES[FP32], what, where))
    return worst


def read_golden(bundle: Path, manifest: Manifest) -> tuple[UInt8Array, dict[str, FloatArray]]:
    """The golden images (g, height, width, 3) and the expected logits (g, classes) by `logits_key`.

    Raises:
        BundleError: not an NPZ file, an array is missing, empty, or of another shape or type.
    """
    keys = [logits_key(design, k) for design, count in manifest.stages.items() for k in range(count)]
    try:
        with np.load(bundle / GOLDEN, allow_pickle=False) as archive:
            images, logits = archive[IMAGES], {key: archive[key] for key in keys}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise _unusable(bundle, f"it cannot be read: {error}") from error
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
        raise _unusable(bundle, f"its images are {images.dtype} {images.shape}")
    for key, values in logits.items():
        if values.dtype != np.float32 or values.shape != (len(images), len(manifest.classes)):
            raise _unusable(bundle, f"{key} is {values.dtype} {values.shape}")
    return images, logits


def _deviation(found: FloatArray, wanted: FloatArray, tolerance: float, what: str, where: str) -> float:
    allowed = tolerance * max(1.0, float(np.abs(wanted).max()))
    difference = float(np.abs(found - wanted).max())
    if not difference <= allowed:  # a NaN fails too
        raise BundleError(
            f"{what} on the golden samples differ by {difference:.3g} from what is expected, more than {allowed:.3g}",
            where=where,
            to_do="keep the bundle that is current; compile this one again, or use the ONNX Runtime version it was"
            " compiled with",
        )
    return difference / allowed


def _unusable(bundle: Path, why: str) -> BundleError:
    return BundleError(f"{GOLDEN} is unusable: {why}", where=str(bundle / GOLDEN), to_do="compile the bundle again")
