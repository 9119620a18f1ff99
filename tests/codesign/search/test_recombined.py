"""codesign/search/recombined.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.ledger import Ledger, chain_key
from codesign.search.outer_problem import OuterProblem
from codesign.search.pareto import hypervolume
from codesign.search.recombined import gains, hoped, recombined
from runtime.contract.arrays import FloatArray
from tests.codesign.search.records import pricing, record, solver

SOLVER = solver(levels=4)
SKILLS = (0.5, 0.7, 0.9, 1.1)

SHARES = st.floats(0.0, 1.2, allow_nan=False)


def problem() -> OuterProblem:
    return OuterProblem(
        (tuple(range(len(SKILLS))),),
        lambda genomes: [record(g, size=1.0 + 2.0 * g[0], skill=SKILLS[g[0]], seed=g[0]) for g in genomes],
        lambda chains: [SOLVER(chain) for chain in chains],
        pricing(),
        accuracy_window=0.5,
        reference_energy_j=lambda largest: pricing().full_depth([largest])[1],
    )


def ledger_of(asked: OuterProblem, *genes: int) -> Ledger:
    """A ledger in which these backbones are evaluated and solved alone."""
    ledger = Ledger(asked.evaluate, asked.solve, asked.pricing)
    ledger.evaluate([(gene,) for gene in genes])
    ledger.solve([(record,) for record in ledger.backbones.values()])
    return ledger


def reference() -> FloatArray:
    energy_j = pricing().full_depth([record((3,), size=7.0)])[1]
    return np.asarray([1.0, 2.0 * energy_j])


def test_a_chain_hopes_that_each_network_answers_what_it_gets_right() -> None:
    found = hoped(np.asarray([[0.3, 0.1], [0.1, 0.2]]), np.asarray([[1.0, 10.0], [1.0, 10.0]]))
    np.testing.assert_allclose(found, [[0.1, 1.0 + 0.3 * 10.0], [0.2, 1.0 + 0.1 * 10.0]])
    np.testing.assert_allclose(hoped(np.asarray([[0.2, 0.4, 0.1]]), np.ones((1, 3))), [[0.1, 1.0 + 0.2 + 0.2]])


@given(
    st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=8),
    st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=6),
)
def test_what_a_point_would_add_is_the_difference_of_hypervolumes(
    points: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    reference, front = np.asarray([1.0, 1.0]), np.asarray(others)
    kept = front[[not any((o <= p).all() and (o < p).any() for o in front) for p in front]]
    before = hypervolume(kept, reference)
    expected = [hypervolume(np.concatenate([kept, [point]]), reference) - before for point in points]
    np.testing.assert_allclose(gains(np.asarray(points), kept, reference), expected, atol=1e-12)


def test_chains_of_evaluated_backbones_are_proposed_cheap_first_and_each_once() -> None:
    asked = problem()
    ledger = ledger_of(asked, 0, 1, 2, 3)
    chains = recombined(asked, ledger, reference(), 50, 3)
    assert chains
    assert all(len(chain) in (2, 3) for chain in chains)
    assert all(asked.pricing.ordered(chain) == chain for chain in chains)
    assert len({chain_key(chain) for chain in chains}) == len(chains)
    assert recombined(asked, ledger, reference(), 2, 3) == chains[:2]
    assert all(len(chain) == 2 for chain in recombined(asked, ledger, reference(), 50, 2))


def test_a_chain_that_was_met_is_not_proposed_again() -> None:
    asked = problem()
    ledger = ledger_of(asked, 0, 1, 2, 3)
    first = recombined(asked, ledger, reference(), 1, 3)
    ledger.solve(first)
    assert chain_key(first[0]) not in {chain_key(chain) for chain in recombined(asked, ledger, reference(), 50, 3)}


@pytest.mark.parametrize(("genes", "count"), [((0,), 5), ((0, 1), 0)])
def test_with_one_backbone_or_none_asked_for_nothing_is_proposed(genes: tuple[int, ...], count: int) -> None:
    asked = problem()
    assert recombined(asked, ledger_of(asked, *genes), reference(), count, 3) == []


def test_without_a_front_nothing_is_proposed() -> None:
    asked = problem()
    ledger = Ledger(asked.evaluate, asked.solve, asked.pricing)
    ledger.evaluate([(0,), (1,)])
    assert recombined(asked, ledger, reference(), 5, 3) == []
