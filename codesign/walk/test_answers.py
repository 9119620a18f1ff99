"""What networks answer on a split that chose nothing, asked only when a figure needs it, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from codesign.exits.answers import answers
from codesign.policy.averaging import NONE, averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.choose import ChosenDesign
from runtime.contract.arrays import FloatArray
from runtime.data.labelled import LabelledImages

from .backbones import Backbones
from .evaluate import exit_log
from .record_file import read_log, write_log
from .run_folder import read_arrays, write_arrays
from .search_step import Finalist


class TestAnswers:
    """Answers on `test`, or another split: of finalists with their own heads, of all else as it was searched."""

    __test__ = False  # pytest takes a class of this name for a collection of tests

    def __init__(
        self,
        backbones: Backbones,
        finalists: Mapping[Genome, Finalist],
        reference: BackboneRecord | None = None,
        split: LabelledImages | None = None,
        folder: Path | None = None,
    ) -> None:
        """Answers on `split` (default: test), kept in `folder` (default: the run's folder of test logs).

        Harm is counted against `reference`, the full network; against a chain's last one where none is given.
        """
        self._reference = reference
        self._backbones, self._finalists = backbones, finalists
        self.split = backbones.data.test if split is None else split
        self._folder = backbones.folder.test_logs if folder is None else folder
        (self._folder / "logits").mkdir(parents=True, exist_ok=True)
        self._logs: dict[Genome, ExitLog] = {}
        self._logits: dict[Genome, FloatArray] = {}

    @property
    def classes(self) -> int:
        """How many there are to choose from."""
        return len(self._backbones.data.classes)

    def of_design(self, chosen: ChosenDesign) -> ExitLog:
        """All candidates of a design of finalists, its averaging included."""
        logits = np.concatenate([self._finalist_logits(record) for record in chosen.chain])
        score = chosen.chain[0].log.score
        log = averaged_log(logits, self.split.labels, chosen.design.mask, chosen.averaging, score)
        if self._reference is None:
            return log
        return replace(log, full=self.of_backbone(self._reference).predictions[-1])

    def of_backbone(self, record: BackboneRecord) -> ExitLog:
        """All exits of one backbone, then its end, which heads do not change."""
        genome = record.genome
        if genome not in self._logs:
            path = self._folder / f"{record.name}.npz"
            if path.is_file():
                self._logs[genome] = read_log(path)
            else:
                self._logs[genome] = self._ask(record)
                write_log(path, self._logs[genome])
        return self._logs[genome]

    def static_accuracy(self, record: BackboneRecord) -> float:
        """Of the network without exits."""
        return float(self.of_backbone(record).correct[-1].mean())

    def _ask(self, record: BackboneRecord) -> ExitLog:
        if record.genome in self._finalists:
            return averaged_log(self._finalist_logits(record), self.split.labels, 0, NONE, record.log.score)
        return exit_log(self._backbones.exited(record.genome), self._backbones.data, self.split, record.log.score)

    def _finalist_logits(self, record: BackboneRecord) -> FloatArray:
        genome = record.genome
        if genome not in self._logits:
            path = self._folder / "logits" / f"{record.name}.npz"
            if path.is_file():
                self._logits[genome] = read_arrays(path)["logits"]
            else:
                exited, data = self._finalists[genome].exited, self._backbones.data
                self._logits[genome] = answers(exited.model, exited.outputs, self.split.images, data.input).logits
                write_arrays(path, {"logits": self._logits[genome], "labels": self.split.labels})
        return self._logits[genome]
