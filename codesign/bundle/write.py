"""Writes a bundle: all of it, or nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.bundle_files import check_mode, check_promise
from runtime.contract.errors import BundleError, ConfigError, StorageError
from runtime.contract.fingerprint import file_sha256
from runtime.contract.manifest import (
    FORMAT_VERSION,
    GOLDEN,
    MANIFEST,
    POLICY,
    PROMISES,
    Manifest,
    stage_file,
)
from runtime.contract.mode import Mode
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.promise import Promise
from runtime.contract.tensor_spec import TensorSpec
from runtime.engine.bundle import full_depth
from runtime.engine.golden import IMAGES, logits_key
from runtime.engine.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

DESIGN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # it becomes a folder name on another machine


def write_bundle(
    out: Path,
    *,
    board: str,
    device: str,
    classes: Sequence[str],
    input_spec: TensorSpec,
    modes: Sequence[Mode],
    default_mode: str,
    stage_models: Mapping[str, Sequence[bytes]],
    golden_images: UInt8Array,
    promises: Mapping[str, Promise],
    provenance: Mapping[str, Any],
) -> Manifest:
    """Write a bundle folder, its golden logits computed with the engine that will serve it.

    It is written beside `out` and renamed, so that `out` is either whole or what it was before. The same arguments give
    the same files, byte for byte, and so the same id.

    Args:
        out: the folder to write; a bundle that lies there is replaced.
        classes: labels in the order of the logits.
        stage_models: per design, its stages as serialised ONNX models.
        golden_images: (g, height, width, 3) uint8, a few.
        promises: by mode name.
        provenance: tool version, data fingerprint, seed, created; anything JSON can hold, without NaN.
    Returns:
        The manifest, identified.
    Raises:
        ConfigError: the parts do not fit together.
        ShapeError: golden images of another size than the input.
        EngineError: a stage cannot be loaded, or computes what is not a number.
        StorageError: `out` holds something else, or cannot be written (full disk, permissions).
    """
    stages = {design: len(models) for design, models in stage_models.items()}
    _check_parts(modes, default_mode, stages, promises)
    golden = _golden_arrays(input_spec, golden_images, stage_models, len(classes))
    _check_target(out)
    with _all_or_nothing(out) as folder:
        for design, models in stage_models.items():
            for k, model in enumerate(models):
                path = folder / stage_file(design, k)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(model)
        np.savez(folder / GOLDEN, **golden)
        _write_json(folder / POLICY, {"format_version": FORMAT_VERSION, "modes": [mode.to_json() for mode in modes]})
        _write_json(folder / PROMISES, {"modes": {name: promise.to_json() for name, promise in promises.items()}})
        manifest = Manifest(
            board=board,
            device=device,
            classes=tuple(classes),
            input=input_spec,
            modes=tuple(mode.name for mode in modes),
            default_mode=default_mode,
            stages=stages,
            files={
                path.relative_to(folder).as_posix(): file_sha256(path)
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            },
            provenance=provenance,
        ).identified()
        _write_json(folder / MANIFEST, manifest.to_json())
    return manifest


def _check_parts(
    modes: Sequence[Mode], default_mode: str, stages: Mapping[str, int], promises: Mapping[str, Promise]
) -> None:
    names = [mode.name for mode in modes]
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"a bundle needs modes with names that differ, got {names}")
    if default_mode not in names:
        raise ConfigError(f"the default mode {default_mode!r} is none of {names}")
    if set(promises) != set(names):
        raise ConfigError(f"promises are for {sorted(promises)}, modes are {sorted(names)}")
    for design, count in stages.items():
        if not DESIGN_ID.fullmatch(design):
            raise ConfigError(f"{design!r} cannot be a folder name", to_do="use letters, digits, '.', '_' and '-'")
        if count == 0:
            raise ConfigError(f"design {design!r} has no stages")
    try:
        for mode in modes:
            check_mode(mode, stages, where=POLICY)
            check_promise(mode.name, promises[mode.name], stages[mode.design], where=PROMISES)
    except BundleError as error:  # the same rules as when reading; here nobody has to compile again
        raise ConfigError(error.what) from error


def _golden_arrays(
    spec: TensorSpec, images: UInt8Array, stage_models: Mapping[str, Sequence[bytes]], classes: int
) -> dict[str, Any]:
    tensor = Preprocessing(spec)(images)
    if not len(tensor):
        raise ConfigError("a bundle needs at least one golden image", to_do="give a few images of the data set")
    arrays: dict[str, UInt8Array | FloatArray] = {IMAGES: images}
    for design, models in stage_models.items():
        stages = [Stage(model, where=f"design {design!r}, stage {k}") for k, model in enumerate(models)]
        for k, (logits, _) in enumerate(full_depth(stages).run_through(tensor)):
            if logits.shape[1] != classes:
                raise ConfigError(f"design {design!r}, stage {k} has {logits.shape[1]} logits for {classes} classes")
            arrays[logits_key(design, k)] = logits
    return arrays


def _check_target(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise StorageError(f"{out} is not a folder", where=str(out), to_do="give another folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise StorageError(
            f"{out} holds files that are no bundle; they are not overwritten",
            where=str(out),
            to_do="give another folder, or empty this one",
        )


@contextmanager
def _all_or_nothing(out: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of `out` when the block ends, and is gone if it does not."""
    writing = out.with_name(f".{out.name}.writing-{os.getpid()}")
    replaced = out.with_name(f".{out.name}.replaced-{os.getpid()}")
    try:
        writing.mkdir(parents=True)
        yield writing
        if out.exists():
            out.rename(replaced)
        try:
            writing.rename(out)
        except OSError:
            if replaced.exists():
                replaced.rename(out)
            raise
    except OSError as error:
        raise StorageError(
            f"the bundle cannot be written: {error.strerror or error}",
            where=str(out),
            to_do="free some space or choose another folder; nothing was left behind",
        ) from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
