"""The search of a run answers from what it has written, and finalists keep their backbone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.search.backbone_record import Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_grid import InnerLimits
from codesign.walk import far_work, search_step
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_step import (
    Finalist,
    obtain_shared_heads,
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


def test_a_finalist_gets_heads_of_its_own_and_its_backbone_stays_as_it_was(parts: Parts) -> None:
    shared, own = parts.evaluator(GENOME), finalist(parts, GENOME).record
    np.testing.assert_array_equal(own.log.entropy_nats[-1], shared.log.entropy_nats[-1])
    np.testing.assert_array_equal(own.log.predictions[-1], shared.log.predictions[-1])
    assert not np.array_equal(own.log.entropy_nats[:-1], shared.log.entropy_nats[:-1])
    assert (own.works, own.static) == (shared.works, shared.static)


def test_a_finalist_is_trained_once_and_its_logits_are_kept(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    first = finalist(parts, GENOME)
    monkeypatch.setattr(far_work, "train_own_heads", lambda *_: pytest.fail("trained again"))
    second = finalist(parts, GENOME)
    np.testing.assert_array_equal(first.record.log.entropy_nats, second.record.log.entropy_nats)
    assert first.exited.model.SerializeToString() == second.exited.model.SerializeToString()
    with np.load(parts.folder.logits / f"{first.record.name}.npz") as kept:
        assert kept["logits"].shape == (5, len(parts.data.select.labels), 3)
        np.testing.assert_array_equal(kept["logits"].argmax(axis=2), first.record.log.predictions)
        np.testing.assert_array_equal(kept["labels"], parts.data.select.labels)


def test_finalists_are_solved_alone_as_they_stand_in_pairs_and_in_threes(parts: Parts) -> None:
    three = [finalist(parts, genome) for genome in (GENOME, (0,) * 9, (0,) * 8 + (1,))]
    results = solve_finalists(three, parts.solver)
    assert sorted(len(result.chain) for result in results)[:9] == [1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert [len(result.chain) for result in results].count(3) == 1
    fronts = [result.front for result in results if result.front is not None]
    assert len(fronts) == len(results)
    assert sum(not front.mask.any() for front in fronts) >= 3


def test_where_no_finalist_keeps_to_the_limits_the_limits_are_named(parts: Parts) -> None:
    impossible = ChainSolver(parts.solver.pricing, InnerLimits(max_worst_latency_s=1e-9), 4)
    with pytest.raises(
        InfeasibleError, match=r"no design: worst-case latency ≤ 1e-06 ms; the nearest has .* designs remain"
    ):
        solve_finalists([finalist(parts, GENOME)], impossible)
