"""codesign/search/ledger.py"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.inner_front import InnerFront
from codesign.search.ledger import Chain, Ledger, chain_key, generator_kept
from tests.codesign.search.records import pricing, record, solver

SOLVER = solver(levels=4)


class Asked:
    """Answers backwards, leaves out what fails, and notes what it was asked."""

    def __init__(self, *failing: Genome) -> None:
        self.failing, self.genomes, self.chains = failing, list[Genome](), list[Chain]()
        self.ledger = Ledger(self.evaluate, self.solve, pricing())

    def evaluate(self, genomes: Sequence[Genome]) -> list[BackboneRecord]:
        self.genomes.extend(genomes)
        np.random.random(3)
        return [record(genome, size=1.0 + genome[0]) for genome in genomes[::-1] if genome not in self.failing]

    def solve(self, chains: Sequence[Chain]) -> list[InnerFront | None]:
        self.chains.extend(chains)
        return [SOLVER(chain) for chain in chains]


def test_backbones_are_kept_in_the_order_in_which_they_were_asked_for_and_asked_for_once() -> None:
    asked = Asked()
    asked.ledger.evaluate([(2,), (0,), (2,)])
    asked.ledger.evaluate([(0,), (1,)])
    assert asked.genomes == [(2,), (0,), (1,)]
    assert list(asked.ledger.backbones) == [(2,), (0,), (1,)]


def test_a_backbone_that_fails_is_not_asked_for_again_and_makes_no_chain() -> None:
    asked = Asked((1,))
    asked.ledger.evaluate([(0,), (1,)])
    asked.ledger.evaluate([(1,)])
    assert asked.genomes == [(0,), (1,)]
    assert list(asked.ledger.failed) == [(1,)]
    assert asked.ledger.chain([(0,), (1,)]) is None


def test_where_the_budget_ends_the_first_ones_are_evaluated_and_failures_count() -> None:
    asked = Asked((1,))
    ledger = Ledger(asked.evaluate, asked.solve, pricing(), budget=3)
    ledger.evaluate([(2,), (1,)])
    assert ledger.left == 1
    ledger.evaluate([(2,), (3,), (4,)])
    assert list(ledger.backbones) == [(2,), (3,)]
    assert ledger.left == 0
    ledger.evaluate([(4,)])
    assert asked.genomes == [(2,), (1,), (3,)]
    assert asked.ledger.left is None


def test_a_chain_is_cheap_backbone_first_and_solved_once() -> None:
    asked = Asked()
    asked.ledger.evaluate([(2,), (0,)])
    chain = asked.ledger.chain([(2,), (0,)])
    assert chain is not None
    assert chain_key(chain) == ((0,), (2,))
    assert asked.ledger.meet(chain).front is None
    asked.ledger.solve([chain, chain])
    asked.ledger.solve([chain])
    assert len(asked.chains) == 1
    assert asked.ledger.fronts == [asked.ledger.meet(chain).front]


def test_what_is_drawn_inside_does_not_move_the_generator_outside() -> None:
    np.random.seed(3)
    with generator_kept():
        np.random.random(5)
    inside = np.random.random()
    np.random.seed(3)
    assert inside == np.random.random()
