from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.predictor_file import read_predictor
from codesign.predict.fitting.journal import MemoryJournal
from codesign.predict.fitting.loop import Outcome, run_loop
from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_folder import FitFolder, cost_table, write_results
from codesign.walk.fit_networks import ChainNetworks
from runtime.contract.kind import Kind
from tests.codesign.chains import LeastSquares, small_space
from tests.codesign.predict.fitting.stand_ins import Onlooker, SumOfGenes

from .fits import MODEL, RULES

SPACE = small_space()
NETWORKS = ChainNetworks(SPACE)
SOURCE = ChainSampler(SPACE)


def fitted(measurer: SumOfGenes | None = None) -> tuple[Outcome, MemoryJournal]:
    journal = MemoryJournal()
    return run_loop(SOURCE, RULES, LeastSquares(), measurer or SumOfGenes(), journal, Onlooker()), journal


def test_what_is_written_can_be_read_back_and_predicts_the_same(tmp_path: Path) -> None:
    outcome, journal = fitted()
    folder = FitFolder(tmp_path)
    report = write_results(
        folder, NETWORKS, MODEL, RULES, outcome, journal.batches(), "latency", Kind.SIMULATED, {"board": "b"}
    )
    saved = read_predictor(folder.predictor, {"line": lambda _genes, _encoding: LeastSquares()})
    again = saved.fitted.predict(outcome.test.designs).mean
    assert again.tolist() == outcome.predicted.mean.tolist()
    assert (saved.provenance["space"], saved.provenance["board"]) == (SPACE.name, "b")
    assert (saved.cost_unit, saved.provenance["kind"], saved.provenance["on"]) == ("s", "simulated", "the sum of genes")
    table = read_cost_table(folder.costs)
    assert table.genes.names == SPACE.gene_names
    assert len(table.genome) == len(outcome.training.costs) + len(outcome.test.costs)
    assert json.loads(folder.report.read_text(encoding="utf-8")) == json.loads(json.dumps(report))
    assert folder.picture.read_text(encoding="utf-8").startswith("<svg")


def test_the_report_says_of_what_kind_every_figure_is_and_on_what(tmp_path: Path) -> None:
    outcome, journal = fitted()
    report = write_results(
        FitFolder(tmp_path), NETWORKS, MODEL, RULES, outcome, journal.batches(), "latency", Kind.SIMULATED, {}
    )
    assert report["accuracy"]["kind"] == "predicted"
    assert report["accuracy"]["on"] == "15 test designs, simulated on the sum of genes"
    assert report["costs"] == {"kind": "simulated", "on": "the sum of genes"}
    assert [each["passed"] for each in report["bins"]] == [True] * 3
    assert report["measurements"]["to_learn_from"] == outcome.rounds[-1].measured


def test_noisy_designs_are_in_no_table() -> None:
    _, journal = fitted(SumOfGenes(noisy_depth=5))
    table = cost_table(NETWORKS, journal.batches(), "latency")
    assert not (SOURCE.depth(table.genome) == 5).any()


def test_a_table_of_energies_has_latencies_too() -> None:
    _, journal = fitted()
    (first, *others) = journal.batches()
    table = cost_table(NETWORKS, [replace(first, latency_s=2.0 * first.costs), *others], "energy")
    assert table.energy_j is not None
    assert table.energy_j.shape == table.latency_s.shape == (1, len(table.genome))
    assert table.latency_s[0, 0] == 2.0 * table.energy_j[0, 0]
