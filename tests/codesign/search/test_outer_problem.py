"""codesign/search/outer_problem.py"""

from __future__ import annotations

import numpy as np

from codesign.search.ledger import Ledger
from codesign.search.outer_problem import OuterProblem, front_points, reference_of, summary
from tests.codesign.search.records import pricing, record, solver

SOLVER = solver(levels=4)


def problem() -> OuterProblem:
    return OuterProblem(
        ((0, 1), (2, 5)),
        lambda genomes: [record(genome, size=1.0 + genome[0]) for genome in genomes],
        lambda chains: [SOLVER(chain) for chain in chains],
        pricing(),
        accuracy_window=0.25,
        reference_energy_j=lambda largest: float(SOLVER.static_energies_j(largest)[0]),
    )


def test_a_genome_is_made_of_the_values_that_may_be_chosen() -> None:
    assert problem().gene_sizes == (2, 2)
    assert problem().genome(np.asarray([1, 0])) == (1, 2)
    assert problem().largest == (1, 5)


def test_fronts_are_judged_so_far_below_the_largest_and_up_to_its_energy() -> None:
    asked = problem()
    ledger = Ledger(asked.evaluate, asked.solve, asked.pricing)
    reference = reference_of(asked, ledger)
    largest = ledger.backbones[(1, 5)]
    assert reference.tolist() == [1.0 - largest.accuracy + 0.25, asked.reference_energy_j(largest)]


def test_a_summary_counts_what_the_ledger_holds_and_its_volume_is_a_share_of_the_window() -> None:
    asked = problem()
    ledger = Ledger(asked.evaluate, asked.solve, asked.pricing)
    reference = reference_of(asked, ledger)
    nothing = summary(0, ledger, reference)
    assert (nothing.backbones, nothing.chains, nothing.hypervolume) == (1, 0, 0.0)
    ledger.solve([(ledger.backbones[(1, 5)],)])
    ledger.failed[(0, 2)] = None
    ledger.skipped[((0, 5),)] = None
    after = summary(1, ledger, reference)
    assert (after.generation, after.chains, after.failed, after.skipped) == (1, 1, 1, 1)
    assert 0.0 < after.hypervolume < 1.0


def test_points_of_a_front_are_error_and_energy() -> None:
    front = solver()((record((0,)),))
    assert front is not None
    assert front_points(front).tolist() == [
        [1.0 - a, e] for a, e in zip(front.accuracy.tolist(), front.energy_j.tolist(), strict=True)
    ]
