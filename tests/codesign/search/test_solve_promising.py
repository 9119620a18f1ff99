"""codesign/search/solve_promising.py"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.search.inner_front import InnerFront
from codesign.search.ledger import Chain, Ledger, chain_key
from codesign.search.outer_problem import OuterProblem
from codesign.search.solve_promising import solve_promising
from tests.codesign.search.records import pricing, record, solver

SOLVER = solver(levels=4)
GOOD, BAD = record((0,), size=1.0, skill=0.9), record((1,), size=3.0, skill=0.6, seed=1)
SMALL = record((2,), size=0.5, skill=0.7, seed=2)
REFERENCE = np.asarray([1.0, np.inf])


class Asked:
    """A problem that notes which chains it had to solve."""

    def __init__(self, *, prune: bool) -> None:
        self.solved: list[Chain] = []
        self.problem = OuterProblem(
            ((0, 1, 2),),
            lambda _genomes: [],
            self.solve,
            pricing(),
            accuracy_window=1.0,
            reference_energy_j=lambda _largest: 1.0,
            adds_nothing=SOLVER.adds_nothing if prune else None,
        )
        self.ledger = Ledger(self.problem.evaluate, self.problem.solve, self.problem.pricing)

    def solve(self, chains: Sequence[Chain]) -> list[InnerFront | None]:
        self.solved.extend(chains)
        return [SOLVER(chain) for chain in chains]

    def __call__(self, *chains: Chain) -> list[InnerFront | None]:
        return solve_promising(self.problem, self.ledger, chains, REFERENCE)


def test_a_chain_that_is_behind_everywhere_has_no_front_to_tell_of_solved_or_not() -> None:
    for prune in (False, True):
        asked = Asked(prune=prune)
        assert asked((GOOD,))[0] is not None
        assert asked((BAD,), (SMALL,))[0] is None
        assert [chain_key(chain) for chain in asked.solved] == [((0,),), *([] if prune else [((1,),)]), ((2,),)]
        assert list(asked.ledger.skipped) == ([((1,),)] if prune else [])


def test_chains_of_one_call_are_held_against_what_was_known_before_it() -> None:
    one, other = Asked(prune=True), Asked(prune=True)
    assert (
        [f is not None for f in one((GOOD,), (BAD,))] == [f is not None for f in other((BAD,), (GOOD,))] == [True] * 2
    )


def test_a_chain_met_again_is_not_solved_again_and_told_the_same() -> None:
    asked = Asked(prune=True)
    first = asked((GOOD,))
    assert asked((GOOD,), (GOOD,)) == [*first, *first]
    asked((BAD,))
    asked((BAD,))
    assert len(asked.solved) == 1
    assert len(asked.ledger.skipped) == 1


def test_no_chains_are_no_fronts() -> None:
    assert Asked(prune=True)() == []
