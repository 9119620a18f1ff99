"""Chains of backbones that are evaluated already: they cost no evaluation, so the most hopeful are tried as well."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .backbone_record import BackboneRecord
from .ledger import Chain, Ledger, chain_key
from .outer_problem import OuterProblem, front_points
from .pareto import nondominated_2d

SHORTLIST = 32  # backbones of which all chains are looked at: 5,000 of up to three


def recombined(problem: OuterProblem, ledger: Ledger, reference: FloatArray, count: int, most: int) -> list[Chain]:
    """The `count` chains, not met before, that would enlarge the known front most if they came to what they hope for.

    Looked at are chains of the backbones that are best alone, by non-dominated layers of error and energy.
    """
    records = _best_alone(list(ledger.backbones.values()), problem)
    fronts = ledger.fronts
    if len(records) < 2 or not fronts or count < 1:
        return []
    known = np.concatenate([front_points(front) for front in fronts])
    known = known[nondominated_2d(known[:, 0], known[:, 1])]
    error = np.asarray([1.0 - record.accuracy for record in records])
    energy_j = np.asarray([problem.pricing.static(record).energy_j[0].min() for record in records])  # as fronts have it
    # What the fronts' own energy counts besides, at default clocks: nothing, or waiting for the next request.
    besides_j = np.asarray([problem.reference_energy_j(r) - problem.pricing.full_depth([r])[1] for r in records])
    found: list[tuple[float, IntArray]] = []
    for size in range(2, most + 1):
        members = np.asarray(list(combinations(range(len(records)), size)), dtype=np.int64).reshape(-1, size)
        points = hoped(error[members], energy_j[members])
        points[:, 1] += besides_j[members[:, -1]]
        gained = gains(points, known, reference)
        order = np.argsort(-gained, kind="stable")
        fresh = 0
        for row in order[gained[order] > 0.0]:
            if fresh == count:
                break
            if chain_key(_chain(records, members[row])) not in ledger.results:
                found.append((float(gained[row]), members[row]))
                fresh += 1
    found.sort(key=lambda pair: -pair[0])
    return [_chain(records, row) for _, row in found[:count]]


def _chain(records: list[BackboneRecord], members: IntArray) -> Chain:
    return tuple(records[int(member)] for member in members)


def _best_alone(records: list[BackboneRecord], problem: OuterProblem) -> list[BackboneRecord]:
    """The best on error and energy, layer after layer, the cheapest first, as a chain runs them."""
    left = list(problem.pricing.ordered(records))
    kept: list[BackboneRecord] = []
    while left and len(kept) < SHORTLIST:
        error = np.asarray([1.0 - record.accuracy for record in left])
        energy_j = np.asarray([problem.pricing.full_depth([record])[1] for record in left])
        layer = set(nondominated_2d(error, energy_j).tolist())
        kept += [record for place, record in enumerate(left) if place in layer][: SHORTLIST - len(kept)]
        left = [record for place, record in enumerate(left) if place not in layer]
    return list(problem.pricing.ordered(kept))


def hoped(error: FloatArray, energy_j: FloatArray) -> FloatArray:
    """(chains, 2): what chains hope for, error and energy, from (chains, size) errors and energies of their networks.

    The error of the last network; and the energy if each network answered just what it gets right, and handed on the
    rest. No policy knows what a network gets right; early exits, which are not counted here, make up for some of that.
    """
    reached = np.minimum.accumulate(error, axis=1)[:, :-1]
    hoped_j = energy_j[:, 0] + (reached * energy_j[:, 1:]).sum(axis=1)
    return np.stack([error[:, -1], hoped_j], axis=1)


def gains(points: FloatArray, front: FloatArray, reference: FloatArray) -> FloatArray:
    """(points,): hypervolume each of (points, 2) would add to a front (n, 2), both minimised, up to the reference."""
    front = front[np.argsort(front[:, 0])]
    inside = front[(front < reference).all(axis=1)]
    starts = np.concatenate([[-np.inf], inside[:, 0]])  # from each on, errors are covered down to the energy beside it
    ends = np.append(inside[:, 0], reference[0])
    ceilings = np.concatenate([[reference[1]], inside[:, 1]])
    added: FloatArray = np.zeros(len(points))
    for start, end, ceiling in zip(starts, ends, ceilings, strict=True):
        width = np.clip(end - np.maximum(points[:, 0], start), 0.0, None)
        added += width * np.clip(ceiling - points[:, 1], 0.0, None)
    return added
