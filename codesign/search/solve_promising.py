"""Solve of many chains those that may reach the front known so far, and say which of them do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.contract.arrays import FloatArray

from .chain_bound import least_energy_j
from .inner_front import InnerFront
from .ledger import Chain, Ledger, chain_key
from .outer_problem import OuterProblem


def solve_promising(
    problem: OuterProblem, ledger: Ledger, chains: Sequence[Chain], reference: FloatArray
) -> list[InnerFront | None]:
    """Per chain its front where that reaches what was known before; None where it is behind everywhere, solved or not.

    What counts is the front over error and energy within the window in which fronts are judged: among designs of less
    error than the reference's. All chains are held against the same front, that before any of them was solved, so
    their order does not matter, and whoever skips none is told the same.
    """
    if not chains:
        return []
    samples = chains[0][0].log.samples
    fewest_right = int(np.floor((1.0 - reference[0]) * samples)) + 1
    known_j = least_energy_j(ledger.fronts, samples)
    promising = []
    for chain in {chain_key(chain): chain for chain in chains}.values():
        if chain_key(chain) in ledger.skipped or ledger.meet(chain).front is not None:
            continue
        if problem.adds_nothing is not None and problem.adds_nothing(chain, known_j, fewest_right):
            ledger.skipped[chain_key(chain)] = None
        else:
            promising.append(chain)
    ledger.solve(promising)
    return [_adding(ledger.meet(chain).front, known_j, fewest_right, samples) for chain in chains]


def _adding(front: InnerFront | None, known_j: FloatArray, fewest_right: int, samples: int) -> InnerFront | None:
    if front is None:
        return None
    own_j = least_energy_j([front], samples)[fewest_right:]
    return front if (np.isfinite(own_j) & (own_j <= known_j[fewest_right:])).any() else None
