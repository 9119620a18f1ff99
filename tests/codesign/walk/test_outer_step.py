"""The outer search of a run answers from what it has written, whatever the strategy, and keeps to what is left in."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.search.backbone_record import Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.ledger import chain_key
from codesign.search.outer_problem import GenerationSummary
from codesign.walk.evaluate import Evaluator
from codesign.walk.outer_step import OuterSearched, check_strategy, run_outer_search, strategy_names
from codesign.walk.run_folder import RunFolder
from runtime.contract.errors import ConfigError, DataError, EngineError
from tests.codesign.walk.conftest import Parts, no_tick

Seen = tuple[list[Genome], list[tuple[Genome, ...]], list[GenerationSummary]]


def in_folder(parts: Parts, folder: RunFolder) -> Evaluator:
    return Evaluator(parts.evaluator.supernet, parts.evaluator.heads, parts.data, folder)


def searched(parts: Parts, evaluator: Evaluator, **changes: Any) -> OuterSearched:
    options = {"population": 4, "generations": 2, "seed": 0, "tick": no_tick} | changes
    return run_outer_search(evaluator, parts.solver, max_accuracy_loss=parts.settings.max_accuracy_loss, **options)


def seen(found: OuterSearched) -> Seen:
    return [record.genome for record in found.records], [chain_key(r.chain) for r in found.results], found.history


def interrupted(folder: RunFolder) -> None:
    """As if the run had been stopped before these were written."""
    for kept in [*sorted(folder.backbones.iterdir())[::2], *sorted(folder.fronts.iterdir())[::2]]:
        kept.unlink()


def test_a_finished_search_is_answered_from_the_archive(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evaluator, "network", lambda *_: pytest.fail("evaluated again"))
    monkeypatch.setattr(ChainSolver, "__call__", lambda *_: pytest.fail("solved again"))
    ticks: list[tuple[int, int, str]] = []
    budget = parts.preset.search
    found = searched(
        parts,
        parts.evaluator,
        population=budget.population,
        generations=budget.generations,
        tick=lambda *said: ticks.append(said),
    )
    history = parts.run.results["history"]
    assert [summary.hypervolume for summary in found.history] == [row["hypervolume"] for row in history]
    assert parts.run.results["search"] == found.told
    done, of, note = ticks[-1]
    assert (done, of) == (budget.generations, budget.generations)
    assert note.startswith(f"{len(found.records)} backbones, {found.told['chains']} chains")


def test_an_interrupted_search_that_foresees_goes_on_as_if_nothing_had_happened(
    parts: Parts, empty_folder: RunFolder
) -> None:
    evaluator = in_folder(parts, empty_folder)
    options = {"population": 10, "generations": 3}
    whole = seen(searched(parts, evaluator, foresee=True, **options))
    interrupted(empty_folder)
    assert seen(searched(parts, evaluator, foresee=True, **options)) == whole
    archive = {path.name for path in empty_folder.backbones.iterdir()}
    assert len(archive) == len(whole[0])  # nothing was evaluated that the search does not know of
    assert len(searched(parts, evaluator, **options).records) > len(whole[0])


@pytest.mark.parametrize("strategy", ["house", "hadas", "random", "local-search", "regularised-evolution"])
def test_an_interrupted_search_of_any_strategy_goes_on_as_if_nothing_had_happened(
    strategy: str, parts: Parts, empty_folder: RunFolder
) -> None:
    evaluator = in_folder(parts, empty_folder)
    whole = searched(parts, evaluator, strategy=strategy)
    assert whole.told["strategy"] == strategy
    assert any(result.front is not None for result in whole.results)
    interrupted(empty_folder)
    assert seen(searched(parts, evaluator, strategy=strategy)) == seen(whole)


def test_pruning_changes_what_is_solved_and_nothing_that_is_seen_of_the_front(
    parts: Parts, empty_folder: RunFolder
) -> None:
    evaluator = in_folder(parts, empty_folder)
    every, some = (searched(parts, evaluator, prune=prune, generations=4) for prune in (False, True))
    assert [s.hypervolume for s in every.history] == [s.hypervolume for s in some.history]
    assert [r.genome for r in every.records] == [r.genome for r in some.records]
    assert every.told["chains"] == some.told["chains"] + some.told["solves_saved"]


def test_a_backbone_that_cannot_be_evaluated_is_told_and_the_search_goes_on(
    parts: Parts, empty_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, smallest = Evaluator.fresh, (0,) * 9

    def failing(evaluator: Evaluator, genome: Genome) -> object:
        if genome == smallest:
            raise EngineError("a stage did not compute")
        return fresh(evaluator, genome)

    monkeypatch.setattr(Evaluator, "fresh", failing)
    found = searched(parts, in_folder(parts, empty_folder))
    assert [(row["why"]) for row in found.told["failed"]] == ["a stage did not compute"]
    assert found.history[-1].failed == 1
    assert smallest not in [record.genome for record in found.records]


def test_where_the_largest_backbone_fails_the_search_says_why(
    parts: Parts, empty_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> object:
        raise EngineError("no memory for it")

    monkeypatch.setattr(Evaluator, "fresh", failing)
    with pytest.raises(DataError, match=r"largest backbone, .* cannot be evaluated: no memory for it"):
        searched(parts, in_folder(parts, empty_folder))


def test_what_is_left_out_is_not_evaluated(parts: Parts, empty_folder: RunFolder) -> None:
    evaluator = in_folder(parts, empty_folder)
    found = searched(parts, evaluator, left_out=["stage0.width=12", "expansion=4"])
    designs = [evaluator.design(record.genome) for record in found.records]
    assert all(design.stages[0].width == 8 and design.stages[1].expansion == 2 for design in designs)


def test_a_space_with_one_value_of_each_gene_left_is_searched(parts: Parts, empty_folder: RunFolder) -> None:
    left_out = ["stage0.width=8", "stage0.depth=1", "stage0.expansion=1"]
    left_out += ["stage1.width=32", "stage1.depth=2", "stage1.expansion=2"]
    found = searched(parts, in_folder(parts, empty_folder), left_out=left_out)
    assert len(found.records) == len(found.results) == 1


def test_an_unknown_strategy_and_one_that_lacks_what_it_needs_are_refused_at_once() -> None:
    assert strategy_names()[:2] == ("house", "hadas")
    with pytest.raises(
        ConfigError, match=r"no strategy 'magic'\n  where: --strategy\n  to do: choose one of house, hadas"
    ):
        check_strategy("magic")
    with pytest.raises(ConfigError, match="score"):
        check_strategy("training-free")
