"""codesign/search/infeasible.py"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from codesign.search.chain_solver import ChainSolver
from codesign.search.footprint import Footprint
from codesign.search.infeasible import infeasible
from codesign.search.inner_grid import InnerLimits
from runtime.contract.errors import InfeasibleError
from tests.codesign.search.records import record, solver

CHAINS = [(record((0,)),), (record((1,), size=2.0, skill=1.2, seed=1),)]
FASTEST_S = min(float(solver().pricing.exited(chain).stage_costs(0).latency_s.min()) for chain in CHAINS)
FRONTS = [front for chain in CHAINS if (front := solver()(chain)) is not None]
BEST = max(float(front.accuracy.max()) for front in FRONTS)
LEAST = {name: min(float(getattr(front, name).min()) for front in FRONTS) for name in ("latency_s", "energy_j")}


def said(limits: InnerLimits, **changes: str) -> InfeasibleError:
    asked: ChainSolver = solver(limits, **changes)  # type: ignore[arg-type]
    assert all(asked(chain) is None for chain in CHAINS)
    return infeasible(CHAINS, asked)


def test_the_limit_in_the_way_is_named_with_the_nearest_design_and_what_there_is_without_it() -> None:
    limits = InnerLimits(max_p99_latency_s=1e-5, max_energy_j=100.0)
    error = said(limits)
    found = re.search(
        r"no design: latency p99 ≤ 0.01 ms; the nearest has ([\d.]+) ms; without that limit (\d+) designs remain",
        str(error),
    )
    assert found
    free = [solver(InnerLimits(max_energy_j=100.0))(chain) for chain in CHAINS]
    assert int(found[2]) == sum(len(front) for front in free if front is not None)
    assert error.where == "--max-p99-latency-ms"


def test_doing_as_advised_gives_a_design() -> None:
    error = said(InnerLimits(max_worst_latency_s=0.5 * FASTEST_S))
    advised = re.search(r"raise --max-latency-ms to ([\d.e-]+) ms", str(error))
    assert advised
    relaxed = solver(InnerLimits(max_worst_latency_s=float(advised[1]) / 1e3))
    assert any(relaxed(chain) is not None for chain in CHAINS)


def test_two_limits_that_exclude_each_other_are_both_named() -> None:
    lines = str(said(InnerLimits(min_accuracy=BEST, max_mean_latency_s=LEAST["latency_s"]))).splitlines()
    assert lines[1].startswith("  or else: ")
    assert sorted("accuracy" in line for line in lines[:2]) == [False, True]
    assert sorted("mean latency" in line for line in lines[:2]) == [False, True]


def test_where_no_single_limit_is_to_blame_the_furthest_one_is_named() -> None:
    error = said(InnerLimits(max_mean_latency_s=1e-3 * FASTEST_S, max_energy_j=1e-9))
    assert "no design, nor one that misses a single limit; furthest away, even by itself, is energy ≤ 1e-06 mJ" in str(
        error
    )


def test_limits_of_which_any_two_exclude_each_other_are_all_named() -> None:
    large, small = (Footprint(*[np.full(1, float(count))] * 6) for count in (1000, 10))
    made = [(1.0, 1.5, large), (1.0, 0.1, small), (0.1, 0.1, large)]  # one is accurate, one small, one fast
    chains = [
        (replace(record((gene,), size=size, skill=skill, candidates=1), footprint=taken),)
        for gene, (size, skill, taken) in enumerate(made)
    ]
    fronts = [front for chain in chains if (front := solver()(chain)) is not None]
    limits = InnerLimits(
        min_accuracy=max(float(front.accuracy.max()) for front in fronts),
        max_mean_latency_s=1.01 * min(float(front.latency_s.min()) for front in fronts),
        max_size_bytes=1000.0,
    )
    error = infeasible(chains, solver(limits))
    assert "no design keeps to all limits together, though there are some for each of them" in str(error)
    assert error.where == "--min-accuracy, --max-mean-latency-ms, --max-size-mb"


def test_no_chain_at_all_is_said_to_be_none() -> None:
    assert "there is not a single design" in str(infeasible([], solver()))


def test_a_rate_that_nothing_serves_is_told_as_a_rate() -> None:
    error = said(InnerLimits(requests_per_s=1e9), energy="served")
    assert "mean time per request ≤ 1e-06 ms; the nearest has" in str(error)
    assert re.search(r"to do: ask for less than \d+", str(error))
