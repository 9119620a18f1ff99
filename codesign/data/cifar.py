"""CIFAR-10 or CIFAR-100 from a folder: NPZ shards or the official binary version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from codesign.data.cifar_binary import SIDE, CifarLayout, read_records
from codesign.data.given import Given
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages, load_labelled

SHARD_KINDS = ("train", "calibration", "test")


def cifar(folder: Path, layout: CifarLayout) -> Given:
    """Read `train*.npz`, `test*.npz` and, where there, `calibration*.npz`; or all files of the binary version.

    Raises:
        DataError: no such folder, files of neither kind or of both, one missing or damaged, labels out of range.
    """
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {folder}", where=str(folder), to_do=f"give the folder that holds {layout.name}"
        )
    shards, binaries = sorted(folder.glob("*.npz")), sorted(folder.glob("*.bin"))
    if bool(shards) == bool(binaries):
        raise DataError(
            f"the folder holds {'both NPZ shards and' if shards else 'neither NPZ shards nor'} binary files",
            where=str(folder),
            to_do=f"give a folder with train*.npz and test*.npz, or with {', '.join(layout.train_files)} and "
            f"{layout.test_file} of the official binary version; its python version is pickles, which are not read",
        )
    if binaries:
        train = _joined([read_records(folder / name, layout) for name in layout.train_files])
        return Given(layout.name, str(folder), train, test=read_records(folder / layout.test_file, layout))
    return _from_shards(shards, folder, layout)


def _from_shards(shards: Sequence[Path], folder: Path, layout: CifarLayout) -> Given:
    found = {kind: [path for path in shards if path.name.startswith(kind)] for kind in SHARD_KINDS}
    if strays := [path.name for path in shards if not path.name.startswith(SHARD_KINDS)]:
        raise DataError(
            f"{strays[0]} is neither training, calibration nor test data",
            where=str(folder / strays[0]),
            to_do="name shards train*.npz, calibration*.npz or test*.npz, or move the file out",
        )
    if absent := [f"{kind}*.npz" for kind in ("train", "test") if not found[kind]]:
        raise DataError(
            f"the folder has no {' and no '.join(absent)}", where=str(folder), to_do="add it beside the other shards"
        )
    spec = TensorSpec(SIDE, SIDE)
    sets = {
        kind: _joined([load_labelled(path, spec, layout.classes) for path in paths])
        for kind, paths in found.items()
        if paths
    }
    return Given(layout.name, str(folder), sets["train"], sets.get("calibration"), sets["test"])


def _joined(parts: Sequence[LabelledImages]) -> LabelledImages:
    if len(parts) == 1:
        return parts[0]
    images = np.concatenate([part.images for part in parts])
    return LabelledImages(images, np.concatenate([part.labels for part in parts]), parts[0].classes)
