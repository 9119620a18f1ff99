"""What networks answer on the untouched test split, asked only when a figure needs it, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codesign.policy.exit_log import ExitLog, joined
from codesign.search.backbone_record import BackboneRecord, Genome

from .evaluate import Evaluator, exit_log, to_exited_backbone
from .record_file import read_log, write_log
from .search_step import Finalist


class TestAnswers:
    """Logs on `test`: of finalists with their own heads, of any other backbone of the archive with the shared ones."""

    __test__ = False  # pytest takes a class of this name for a collection of tests

    def __init__(self, evaluator: Evaluator, finalists: Mapping[Genome, Finalist]) -> None:
        self._evaluator, self._finalists = evaluator, finalists
        self._logs: dict[Genome, ExitLog] = {}

    def of_chain(self, chain: Sequence[BackboneRecord]) -> ExitLog:
        """All candidates of a chain."""
        return joined([self.of_backbone(record) for record in chain])

    def of_backbone(self, record: BackboneRecord) -> ExitLog:
        """All exits of one backbone, then its end, which heads do not change."""
        genome = record.genome
        if genome not in self._logs:
            path = self._evaluator.folder.test_logs / f"{record.name}.npz"
            if path.is_file():
                self._logs[genome] = read_log(path)
            else:
                self._logs[genome] = self._ask(genome)
                write_log(path, self._logs[genome])
        return self._logs[genome]

    def static_accuracy(self, record: BackboneRecord) -> float:
        """Of the network without exits."""
        return float(self.of_backbone(record).correct[-1].mean())

    def _ask(self, genome: Genome) -> ExitLog:
        data = self._evaluator.data
        if genome in self._finalists:
            exited = self._finalists[genome].exited
        else:
            exited = to_exited_backbone(self._evaluator.network(genome), data)
        return exit_log(exited, data, data.test)
