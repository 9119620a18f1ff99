from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from codesign.predict.costs.predictor_file import read_predictor
from codesign.predict.fitting.measurer import Readings
from codesign.search.chain_solver import ChainSolver
from codesign.search.ledger import ChainResult
from codesign.walk import measure_uncertain as module
from codesign.walk.fit_measured import MeasuredCosts
from codesign.walk.fit_models import makers
from codesign.walk.measure_run import Programs
from codesign.walk.measure_target import MeasureTarget
from codesign.walk.measure_uncertain import Refitted, least_certain, measure_uncertain, near_front, said
from codesign.walk.progress import Steps
from codesign.walk.record_file import read_record
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_predictor import SearchPredictor, read_search_predictor
from runtime.contract.arrays import IntArray
from runtime.contract.operating_point import OperatingPoint
from tests.codesign.walk.conftest import Parts

from .fitted import ON, costs_of, networks_of, without_table, write_fit

TRUE_TIMES = 3.0  # what measuring finds; the predictor was fitted on two


@pytest.fixture(scope="module")
def predictor(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> SearchPredictor:
    fit = write_fit(parts, tmp_path_factory.mktemp("fit"))
    return read_search_predictor(fit, parts.settings, networks_of(parts))


@pytest.fixture(scope="module")
def solver(parts: Parts, predictor: SearchPredictor) -> ChainSolver:
    return replace(parts.solver, pricing=predictor.priced(parts.solver.pricing))


@pytest.fixture(scope="module")
def results(parts: Parts, solver: ChainSolver) -> list[ChainResult]:
    """Each backbone of the archive alone, and one chain that was not solved."""
    records = [read_record(path) for path in sorted(parts.folder.backbones.glob("*.npz"))][:5]
    alone = [ChainResult((record,), solver((record,))) for record in records]
    return [*alone, ChainResult(solver.pricing.ordered(records[:2]), None)]


class Bench:
    """Measures as the test machine would."""

    def __init__(self, parts: Parts, monkeypatch: pytest.MonkeyPatch, on: str = ON, noisy: bool = False) -> None:
        self.asked: list[IntArray] = []

        def measure(one: MeasuredCosts, designs: IntArray, references: IntArray, *_: Any) -> Readings:
            self.asked.append(designs)
            one.on = on
            costs = costs_of(parts, designs, TRUE_TIMES)
            return Readings(costs, costs, np.full(len(costs), noisy), np.zeros(len(references)))

        monkeypatch.setattr(MeasuredCosts, "measure", measure)


def run(
    parts: Parts,
    predictor: SearchPredictor,
    solver: ChainSolver,
    results: list[ChainResult],
    out: Path,
    count: int = 2,
) -> tuple[Refitted, str]:
    console = Console(file=io.StringIO(), record=True, width=400)
    found = measure_uncertain(
        predictor,
        parts.solver.pricing,
        solver,
        results,
        MeasureTarget(),
        count,
        RunFolder(out),
        Steps(console),
        Programs(),
    )
    return found, console.export_text()


def test_what_was_measured_is_learnt_and_the_fronts_are_solved_anew(
    parts: Parts,
    predictor: SearchPredictor,
    solver: ChainSolver,
    results: list[ChainResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(parts, monkeypatch)
    found, shown = run(parts, predictor, solver, results, tmp_path)
    assert [len(designs) for designs in bench.asked] == [2]
    told = json.loads(json.dumps(found.told, allow_nan=False))
    assert told["why_not_refitted"] is None
    assert told["mean_error"] == pytest.approx(1.0 / 3.0, abs=0.05)  # two thirds were predicted
    for row in told["rows"]:
        assert row["low"] <= row["predicted"] <= row["high"] < row["measured"]
        assert row["refitted"] > row["predicted"]
        assert row["name"] in shown
    assert "away from measured, in the mean" in shown
    assert found.solver is not solver
    for before, after in zip(results, found.results, strict=True):
        assert {record.name for record in after.chain} == {record.name for record in before.chain}
        assert (after.front is None) == (before.front is None)
    energies = [
        [float(result.front.energy_j.min()) for result in which if result.front is not None]
        for which in (results, found.results)
    ]
    assert energies[0] != energies[1]
    saved = read_predictor(tmp_path / "refitted_predictor.npz", makers())
    assert int(saved.provenance["samples"]) == predictor.samples + 2


@pytest.mark.parametrize(
    ("provenance", "on", "noisy", "message"),
    [
        ({"kind": "simulated"}, ON, False, "fitted on simulated costs, which measured ones cannot join"),
        ({}, "another machine", False, "was fitted on the test machine, this was measured on another machine"),
        ({}, ON, True, "every reading was noisy"),
    ],
)
def test_costs_that_cannot_be_put_together_leave_the_predictor_as_it_is_and_are_shown_beside_it(
    parts: Parts,
    predictor: SearchPredictor,
    solver: ChainSolver,
    results: list[ChainResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provenance: dict[str, str],
    on: str,
    noisy: bool,
    message: str,
) -> None:
    Bench(parts, monkeypatch, on, noisy)
    saved = replace(predictor.saved, provenance={**predictor.saved.provenance, **provenance})
    found, shown = run(parts, replace(predictor, saved=saved), solver, results, tmp_path)
    assert message in found.told["why_not_refitted"]
    assert f"Not fitted again: {found.told['why_not_refitted']}." in shown
    assert found.solver is solver
    assert found.results is results
    assert [row["refitted"] for row in found.told["rows"]] == [None, None]
    assert not (tmp_path / "refitted_predictor.npz").exists()


def test_a_predictor_without_its_costs_cannot_be_fitted_again(
    parts: Parts,
    predictor: SearchPredictor,
    solver: ChainSolver,
    results: list[ChainResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Bench(parts, monkeypatch)
    found, _ = run(parts, without_table(predictor), solver, results, tmp_path)
    assert "give the folder of the fit" in found.told["why_not_refitted"]


def test_those_outside_come_first_then_those_of_the_widest_intervals(
    predictor: SearchPredictor, monkeypatch: pytest.MonkeyPatch, results: list[ChainResult]
) -> None:
    records = [result.chain[0] for result in results[:4]]
    mean = np.full(4, 1.0)
    really = predictor.predict([record.genome for record in records])
    made_up = replace(
        really,
        mean=mean,
        low=mean - np.array([0.3, 0.1, 0.2, 0.05]),
        high=mean,
        outside=np.array([False, False, False, True]),
    )
    monkeypatch.setattr(SearchPredictor, "predict", lambda _self, _genomes: made_up)
    assert least_certain(predictor, records, 3) == [records[3], records[0], records[2]]


def test_a_backbone_far_dearer_than_another_as_accurate_is_not_near_the_front(results: list[ChainResult]) -> None:
    (first, second, *_) = [result for result in results if result.front is not None]
    assert first.front is not None
    dear = ChainResult(second.chain, replace(first.front, energy_j=1.2 * first.front.energy_j))
    close = ChainResult(second.chain, replace(first.front, energy_j=1.05 * first.front.energy_j))
    assert near_front([first, dear]) == [*first.chain]
    assert near_front([first, close]) == [*first.chain, *second.chain]


def test_nothing_solved_is_nothing_near(results: list[ChainResult]) -> None:
    assert near_front([ChainResult(results[0].chain, None)]) == []


@pytest.mark.parametrize(
    ("unit", "expected"), [("s", "4.000 ms measured, 3.000 (2.000 to 5.000) predicted"), ("j", "4.000 mJ")]
)
def test_a_line_says_both_with_the_interval_and_what_is_wrong(unit: str, expected: str) -> None:
    row = {"name": "b1", "predicted": 3e-3, "low": 2e-3, "high": 5e-3, "measured": 4e-3, "outside": True, "noisy": True}
    assert expected in said(row, unit)
    assert "(outside its range, noisy)" in said(row, unit)


def test_measuring_follows_the_rules_of_the_fit(
    parts: Parts,
    predictor: SearchPredictor,
    solver: ChainSolver,
    results: list[ChainResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Bench(parts, monkeypatch)
    made: list[dict[str, Any]] = []
    really = MeasuredCosts

    def noted(*given: Any, point: object) -> MeasuredCosts:
        made.append({**given[5], "point": point})
        return really(*given)

    monkeypatch.setattr(module, "MeasuredCosts", noted)
    saved = replace(
        predictor.saved,
        provenance={**predictor.saved.provenance, "runs": "33", "keep": "0.5"} | {"asked_clocks": "20000000,0,0"},
    )
    run(parts, replace(predictor, saved=saved), solver, results, tmp_path)
    assert (made[0]["runs"], made[0]["keep"]) == (33, 0.5)
    assert made[0]["point"] == OperatingPoint(20_000_000, 0, 0)
