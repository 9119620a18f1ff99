"""The run folder: where each step leaves what the next one, or a resumed run, takes up."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.errors import ConfigError, StorageError

RUN = "run.json"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of one compilation. Files appear whole or not at all."""

    path: Path

    @property
    def bundle(self) -> Path:
        """What goes to the board."""
        return self.path / "bundle"

    @property
    def backbones(self) -> Path:
        """One NPZ per evaluated backbone: the archive."""
        return self.path / "search" / "backbones"

    @property
    def fronts(self) -> Path:
        """One NPZ per solved chain."""
        return self.path / "search" / "fronts"

    @property
    def finalists(self) -> Path:
        """Backbones with heads of their own."""
        return self.path / "finalists"

    @property
    def test_logs(self) -> Path:
        """What networks answered on the test split."""
        return self.path / "test_logs"

    @property
    def logits(self) -> Path:
        """One NPZ per finalist: `logits` (exits, samples, classes) and `labels` of the select split."""
        return self.path / "logits"

    @property
    def heads(self) -> Path:
        """Weights of the shared heads."""
        return self.path / "shared_heads.safetensors"

    @property
    def test_set(self) -> Path:
        """The untouched test split, for `edge-runtime run`."""
        return self.path / "test.npz"

    @property
    def results(self) -> Path:
        """Everything the report shows, for scripts."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"


def start(path: Path, settings: Mapping[str, Any], data_fingerprint: str, *, resume: bool) -> RunFolder:
    """Open a run folder, new or to be resumed.

    Raises:
        ConfigError: the folder holds another run, or a run and no `--resume`, or a resumed run would differ.
    """
    wanted = {"settings": dict(settings), "data_fingerprint": data_fingerprint}
    record = path / RUN
    if record.is_file():
        found = json.loads(record.read_text(encoding="utf-8"))
        if not resume:
            raise ConfigError(
                f"{path} already holds a run", to_do="add --resume to continue it, or choose another --out"
            )
        if found != wanted:
            was = found["settings"]
            changed = sorted(key for key in settings if was.get(key) != settings[key]) or ["the images themselves"]
            raise ConfigError(
                f"the run in {path} was started differently: {', '.join(changed)} changed",
                where=str(record),
                to_do="resume with the same options, or choose another --out",
            )
    elif path.exists() and any(path.iterdir()):
        raise ConfigError(f"{path} is not empty and holds no run", to_do="choose another --out")
    folder = RunFolder(path)
    for part in (path, folder.backbones, folder.fronts, folder.finalists, folder.test_logs, folder.logits):
        with clear_storage_errors(part):
            part.mkdir(parents=True, exist_ok=True)
    write_text(record, json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")
    return folder


@contextmanager
def clear_storage_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into one clear message."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StorageError(
            f"cannot write: {reason}", where=str(path), to_do="free some space or choose another --out, then --resume"
        ) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `path` when the block ends well, and vanishes when it does not."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with clear_storage_errors(path):
            yield unfinished
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write an NPZ without pickles, whole or not at all."""
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read what `write_arrays` wrote. Raises StorageError where it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(
            f"a saved step cannot be read: {error}", where=str(path), to_do="delete it and --resume"
        ) from error
