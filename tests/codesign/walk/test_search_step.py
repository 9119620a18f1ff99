"""The search of a run answers from what it has written, and finalists keep their backbone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.search.backbone_record import Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_grid import InnerLimits
from codesign.search.outer import GenerationSummary
from codesign.walk import search_step
from codesign.walk.evaluate import Evaluator
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_step import (
    Finalist,
    obtain_shared_heads,
    run_outer_search,
    solve_finalists,
    train_finalist,
)
from runtime.contract.errors import InfeasibleError
from tests.codesign.walk.conftest import Parts, no_tick

GENOME: Genome = (0, 1, 1, 0, 1, 0, 1, 0, 1)


def finalist(parts: Parts, genome: Genome) -> Finalist:
    return train_finalist(parts.evaluator, genome, parts.preset.training, 1, 0, no_tick)


def test_shared_heads_are_trained_once_per_run(
    parts: Parts, empty_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (parts.evaluator.supernet, parts.data, parts.preset.training, 0, empty_folder, no_tick)
    trained = obtain_shared_heads(*arguments).state_dict()
    monkeypatch.setattr(search_step, "train_shared_heads", lambda *_: pytest.fail("trained again"))
    taken_up = obtain_shared_heads(*arguments).state_dict()
    of_the_run = parts.evaluator.heads.state_dict()
    for name, tensor in trained.items():
        assert torch.equal(tensor, taken_up[name])
        assert torch.equal(tensor, of_the_run[name])


def test_a_finished_search_is_answered_from_the_archive(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evaluator, "network", lambda *_: pytest.fail("evaluated again"))
    monkeypatch.setattr(ChainSolver, "__call__", lambda *_: pytest.fail("solved again"))
    ticks: list[tuple[int, int, str]] = []
    budget = parts.preset.search
    records, results, history = run_outer_search(
        parts.evaluator,
        parts.solver,
        population=budget.population,
        generations=budget.generations,
        max_accuracy_loss=parts.settings.max_accuracy_loss,
        seed=0,
        tick=lambda *said: ticks.append(said),
    )
    assert [summary.hypervolume for summary in history] == [row["hypervolume"] for row in parts.run.results["history"]]
    solved = sum(result.front is not None for result in results)
    assert ticks[-1] == (budget.generations, budget.generations, f"{len(records)} backbones, {solved} chains")


def test_an_interrupted_search_that_foresees_goes_on_as_if_nothing_had_happened(
    parts: Parts, empty_folder: RunFolder
) -> None:
    evaluator = Evaluator(parts.evaluator.supernet, parts.evaluator.heads, parts.data, empty_folder)

    def search(*, foresee: bool = True) -> tuple[list[Genome], list[tuple[Genome, ...]], list[GenerationSummary]]:
        records, results, history = run_outer_search(
            evaluator,
            parts.solver,
            population=10,
            generations=3,
            max_accuracy_loss=parts.settings.max_accuracy_loss,
            seed=0,
            tick=no_tick,
            foresee=foresee,
        )
        chains = [tuple(record.genome for record in result.chain) for result in results]
        return [record.genome for record in records], chains, history

    whole = search()
    for kept in [*sorted(empty_folder.backbones.iterdir())[::2], *sorted(empty_folder.fronts.iterdir())[::2]]:
        kept.unlink()  # as if the run had been stopped before these were written
    assert search() == whole
    archive = {path.name for path in empty_folder.backbones.iterdir()}
    assert len(archive) == len(whole[0])  # nothing was evaluated that the search does not know of
    assert len(search(foresee=False)[0]) > len(whole[0])


def test_a_finalist_gets_heads_of_its_own_and_its_backbone_stays_as_it_was(parts: Parts) -> None:
    shared, own = parts.evaluator(GENOME), finalist(parts, GENOME).record
    np.testing.assert_array_equal(own.log.entropy_nats[-1], shared.log.entropy_nats[-1])
    np.testing.assert_array_equal(own.log.predictions[-1], shared.log.predictions[-1])
    assert not np.array_equal(own.log.entropy_nats[:-1], shared.log.entropy_nats[:-1])
    assert (own.works, own.static) == (shared.works, shared.static)


def test_a_finalist_is_trained_once_and_its_logits_are_kept(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    first = finalist(parts, GENOME)
    monkeypatch.setattr(search_step, "train_own_heads", lambda *_: pytest.fail("trained again"))
    second = finalist(parts, GENOME)
    np.testing.assert_array_equal(first.record.log.entropy_nats, second.record.log.entropy_nats)
    assert first.exited.model.SerializeToString() == second.exited.model.SerializeToString()
    with np.load(parts.folder.logits / f"{first.record.name}.npz") as kept:
        assert kept["logits"].shape == (5, len(parts.data.select.labels), 3)
        np.testing.assert_array_equal(kept["logits"].argmax(axis=2), first.record.log.predictions)
        np.testing.assert_array_equal(kept["labels"], parts.data.select.labels)


def test_finalists_are_solved_alone_as_they_stand_and_in_pairs(parts: Parts) -> None:
    three = [finalist(parts, genome) for genome in (GENOME, (0,) * 9, (0,) * 8 + (1,))]
    results = solve_finalists(three, parts.solver)
    assert sorted(len(result.chain) for result in results) == [1, 1, 1, 1, 1, 1, 2, 2, 2]
    fronts = [result.front for result in results if result.front is not None]
    assert len(fronts) == len(results)
    assert sum(not front.mask.any() for front in fronts) >= 3


def test_where_no_finalist_keeps_to_the_limits_the_limits_are_named(parts: Parts) -> None:
    impossible = ChainSolver(parts.solver.pricing, InnerLimits(max_worst_latency_s=1e-9), 4)
    with pytest.raises(InfeasibleError, match=r"no design keeps to the latency limit .*\n  to do: raise --max-latency"):
        solve_finalists([finalist(parts, GENOME)], impossible)
