"""One backbone with its exits' answers, from a finished run folder or from logits that anybody wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codesign.data.logits_file import read_logits
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import BackboneWorks
from runtime.contract.cost import StageWork
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.work import NO_WORK, Work

from .record_file import read_record
from .run_folder import RunFolder

# Assumed of logits that come without a graph, from MobileNetV2 in float32 and the heads of this project.
MACS_PER_BYTE = 6.0
KERNELS_PER_STAGE = 9.0
HEAD_SHARE = 0.03  # of the whole network's work


def of_run(folder: Path, name: str | None) -> BackboneRecord:
    """A backbone by name; by default the most accurate finalist, or, before there are any, of all that were evaluated.

    Raises:
        ConfigError: no such folder, none of its backbones was kept, or none has that name.
        StorageError: the record is damaged.
    """
    run = RunFolder(folder)
    if not folder.is_dir():
        raise ConfigError("no such folder", where=str(folder), to_do="give the --out of a `codesign compile`")
    finalists, evaluated = (sorted(part.glob("*.npz")) for part in (run.finalists, run.backbones))
    paths = {path.stem: path for path in [*evaluated, *finalists]}  # a finalist's own heads, not the shared ones
    if not paths:
        raise ConfigError(
            "no evaluated backbone is kept here",
            where=str(folder),
            to_do="give a run that searched a supernet; for a model of your own, give its --logits",
        )
    if name is None:
        records = [read_record(path) for path in finalists or evaluated]
        return max(records, key=lambda record: (record.accuracy, record.name))
    if name not in paths:
        some = ", ".join([path.stem for path in finalists or evaluated][:8])
        raise ConfigError(f"no backbone {name!r} in {folder}", where="--backbone", to_do=f"use one of them: {some}")
    return read_record(paths[name])


def of_logits(file: Path, macs: float) -> BackboneRecord:
    """What answered a logits file, its work assumed: `macs` in all, spread as its costs are, or evenly.

    Raises:
        DataError: the file cannot be used, has one exit alone, or its costs are all zero.
    """
    given = read_logits(file)
    exits = len(given.logits)
    if exits < 2:
        raise DataError("there is no early exit to choose", where=str(file), to_do="give the logits of every exit")
    shares = np.full(exits, 1.0 / exits)
    if given.cost is not None:
        if not given.cost[-1] > 0:
            raise DataError("`cost` is zero throughout", where=str(file), to_do="give what each exit costs")
        shares = np.diff(given.cost, prepend=0.0) / given.cost[-1]
    segments = tuple((_assumed(macs * float(share)),) for share in shares)
    works = BackboneWorks(segments, (*(_assumed(HEAD_SHARE * macs),) * (exits - 1), NO_WORK))
    entropies = np.stack([entropy_nats(logits) for logits in given.logits])
    log = ExitLog(entropies, given.logits.argmax(axis=2), given.labels)
    static = StageWork(tuple(block for segment in segments for block in segment))
    return BackboneRecord((), works, static, log)


def _assumed(macs: float) -> Work:
    return Work(macs, macs / MACS_PER_BYTE, KERNELS_PER_STAGE)
