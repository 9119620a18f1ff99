from __future__ import annotations

import builtins
import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from codesign.search.pareto import hypervolume
from codesign.search.strategies.qlognehvi import QLogNehvi, Told, chosen
from codesign.search.strategies.random_search import RandomSearch
from codesign.search.strategies.registry import make_strategy
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

SPACE = SearchSpace((4, 4, 4))


def worth(designs: IntArray) -> FloatArray:
    total = designs.sum(axis=1, dtype=float)
    return np.stack([(9.0 - total) ** 2 + 5.0 * (designs[:, 0] == 2), 1.0 + total], axis=1)


def test_without_botorch_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, *rest: Any) -> Any:
        if name == "botorch":
            raise ImportError(name)
        return load(name, *rest)

    load = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ConfigError, match=r"qlognehvi needs BoTorch[\s\S]*pip install 'edge-codesign\[bayes\]'"):
        make_strategy("qlognehvi", SPACE, 2, 0)


def test_a_single_objective_is_refused() -> None:
    with pytest.raises(ConfigError, match="strategy qlognehvi takes 2 to 3 objectives, got 1"):
        make_strategy("qlognehvi", SPACE, 1, 0)


def test_until_there_is_something_to_learn_from_nothing_of_botorch_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith(("botorch", "torch")):
            raise AssertionError(name)
        return load(name, *rest, **named)

    load = builtins.__import__
    strategy = QLogNehvi(SPACE, 2, 0)
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert len(strategy.ask(10)) == 10


@pytest.fixture(scope="module")
def told() -> Told:
    pytest.importorskip("botorch", reason="the extra `bayes` is not installed")
    designs = SPACE.all()[np.random.default_rng(0).permutation(64)[:14]]
    return Told(designs, worth(designs), np.ones(14, dtype=bool), SPACE.gene_sizes)


def test_a_batch_is_of_different_designs_and_the_same_for_the_same_seed(told: Told) -> None:
    pool = SPACE.all()[::3]
    none = pool[:0]
    rows = chosen(told, pool, none, 4, seed=1)
    assert len(set(rows.tolist())) == 4
    assert chosen(told, pool, none, 4, seed=1).tolist() == rows.tolist()


def test_torchs_generator_is_left_as_it_was(told: Told) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.random.get_rng_state()
    chosen(told, SPACE.all()[::5], SPACE.all()[:0], 1, seed=1)
    assert torch.equal(torch.random.get_rng_state(), expected)


def test_what_breaks_constraints_is_avoided(told: Told) -> None:
    feasible = told.designs[:, 1] < 2
    rows = chosen(replace(told, feasible=feasible), SPACE.all(), SPACE.all()[:0], 3, seed=0)
    assert (SPACE.all()[rows][:, 1] < 2).sum() >= 2


@pytest.mark.slow
def test_it_covers_more_of_the_front_than_random_search() -> None:
    pytest.importorskip("botorch", reason="the extra `bayes` is not installed")
    space = SearchSpace((5, 5, 5, 5))
    errors, costs = np.random.default_rng(0).random((2, 4, 5))

    def hard(designs: IntArray) -> FloatArray:
        together = designs[:, 0] == designs[:, 3]
        return np.stack([table[np.arange(4), designs].sum(axis=1) + together for table in (errors, costs)], axis=1)

    reference = hard(space.all()).max(axis=0)

    def volume(strategy: QLogNehvi | RandomSearch) -> float:
        seen = []
        for _ in range(10):
            designs = strategy.ask(4)
            seen.append(hard(designs))
            strategy.tell(designs, seen[-1], np.zeros(len(designs)))
        return hypervolume(np.concatenate(seen), reference)

    assert volume(QLogNehvi(space, 2, 0)) > max(volume(RandomSearch(space, 2, seed)) for seed in range(5))
