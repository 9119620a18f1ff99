"""The run folder: where each step leaves what the next one, or a resumed run, takes up."""

from __future__ import annotations

import errno
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from runtime.contract.errors import ConfigError, StorageError

RUN, ARCHIVE, CACHE = "run.json", "archive.jsonl", ".cache-at"
# What numpy raises on an NPZ that is cut short, overwritten or no archive at all.
DAMAGED = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


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
        """One NPZ per evaluated backbone."""
        return self.path / "search" / "backbones"

    @property
    def archive(self) -> Path:
        """Every evaluation ever made here, one a line."""
        return self.path / ARCHIVE

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
    def front(self) -> Path:
        """A front network that was trained here."""
        return self.path / "front.onnx"

    @property
    def heads(self) -> Path:
        """Weights of the shared heads."""
        return self.path / "shared_heads.safetensors"

    @property
    def test_set(self) -> Path:
        """The untouched test split, for `edge-runtime run`."""
        return self.path / "test.npz"

    @property
    def plan(self) -> Path:
        """The measurement plan with all its stages, as it went to the board."""
        return self.path / "plan"

    @property
    def measurements(self) -> Path:
        """What was measured, one record a line."""
        return self.path / "measurements.jsonl"

    @property
    def results(self) -> Path:
        """Everything the report shows, for scripts."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"


def note_cache(folder: RunFolder, cache: Path) -> None:
    """Say in a run folder where its supernet is kept, for later commands. Raises StorageError."""
    write_text(folder.path / CACHE, f"{cache.resolve()}\n")


def noted_cache(path: Path) -> Path | None:
    """Where a run said that its supernet is kept; None where it did not, or it is there no longer."""
    note = path / CACHE
    if not note.is_file():
        return None
    cache = Path(note.read_text(encoding="utf-8").strip())
    return cache if cache.is_dir() else None


def start(path: Path, settings: Mapping[str, Any], inputs: Mapping[str, str | None], *, resume: bool) -> RunFolder:
    """Open a run folder, new or to be resumed.

    Args:
        settings: the options of the run, by name.
        inputs: fingerprints of what the options name (images, space), since files change under the same name.
    Raises:
        ConfigError: the folder holds another run, or a run and no `--resume`, or a resumed run would differ.
        StorageError: what says how the run was started is damaged, or the folder cannot be written.
    """
    wanted = {"settings": dict(settings), "inputs": dict(inputs)}
    record = path / RUN
    if record.is_file():
        if not resume:
            raise ConfigError(
                f"{path} already holds a run", to_do="add --resume to continue it, or choose another --out"
            )
        if changed := _differences(_read_run(record), wanted):
            raise ConfigError(
                f"the run in {path} was started differently: {', '.join(changed)} changed",
                where=str(record),
                to_do="resume with the same options, or choose another --out",
            )
    elif path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file, not a folder", to_do="choose another --out")
    elif path.exists() and any(path.iterdir()):
        raise ConfigError(f"{path} is not empty and holds no run", to_do="choose another --out")
    folder = RunFolder(path)
    for part in (path, folder.backbones, folder.fronts, folder.finalists, folder.test_logs, folder.logits):
        with clear_storage_errors(part):
            part.mkdir(parents=True, exist_ok=True)
    write_text(record, json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")
    return folder


def read_settings(path: Path) -> dict[str, Any]:
    """The options that a run was started with, by name.

    Raises:
        ConfigError: the folder holds no run.
        StorageError: what says how it was started is damaged.
    """
    record = path / RUN
    if not record.is_file():
        raise ConfigError(f"{path} holds no run", where=str(path), to_do="give the --out of a `codesign compile`")
    settings: dict[str, Any] = _read_run(record)["settings"]
    return settings


def _read_run(record: Path) -> dict[str, Any]:
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
        return {"settings": dict(found["settings"]), "inputs": dict(found["inputs"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"what says how the run was started cannot be read: {error!r}",
            where=str(record),
            to_do="choose another --out; this run cannot be continued",
        ) from error


def _differences(found: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of what two runs were told differently; an input is named only where the options agree."""
    for part in ("settings", "inputs"):
        names = sorted(found[part].keys() | wanted[part].keys())
        if changed := [name for name in names if found[part].get(name) != wanted[part].get(name)]:
            return changed
    return []


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
        plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
        np.savez_compressed(file, **plain)


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read what `write_arrays` wrote. Raises StorageError where it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except DAMAGED as error:
        raise StorageError(
            f"a saved step cannot be read: {error}", where=str(path), to_do="delete it and --resume"
        ) from error


def share_heads(source: RunFolder, target: RunFolder) -> None:
    """Copy what was trained for networks of the user's own and is not there yet: it depends on no board."""
    for file in (source.front, *sorted(source.finalists.glob("*.safetensors"))):
        copy = target.path / file.relative_to(source.path)
        if file.is_file() and not copy.is_file():
            with whole_file(copy) as unfinished:
                shutil.copyfile(file, unfinished)


def write_test_set(folder: RunFolder, data: Dataset) -> None:
    """The untouched test images with their labels, for `edge-runtime run`."""
    arrays = {"images": data.test.images, "labels": data.test.labels, "classes": np.asarray(data.classes)}
    write_arrays(folder.test_set, arrays)
