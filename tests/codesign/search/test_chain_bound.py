"""The bound on a chain is a bound: it never gives up a chain that has a design on or before the known front."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search.chain_bound import adds_nothing, least_energy_j
from codesign.search.inner import EnergyKind, solve_inner
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError
from tests.codesign.search.chains import Case, random_case
from tests.codesign.search.records import record, solver

RATE = 2.0


def front_of(case: Case, energy: EnergyKind = "back_to_back") -> InnerFront | None:
    limits = InnerLimits(requests_per_s=RATE if energy == "served" else None)
    try:
        return solve_inner(case.log, case.thresholds_nats, case.costs, case.points, energy=energy, limits=limits)
    except InfeasibleError:
        return None


def behind(case: Case, known_j: FloatArray, fewest: int = 0, energy: EnergyKind = "back_to_back") -> bool:
    rate = RATE if energy == "served" else None
    return adds_nothing(case.log, case.thresholds_nats, case.costs, known_j, fewest, rate)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(0, 39),
    st.sampled_from([0.7, 0.9, 1.0, 1.1]),
    st.sampled_from(["back_to_back", "served"]),
    st.booleans(),
)
def test_a_chain_that_is_given_up_has_no_design_that_is_not_worse_than_a_known_one(
    seed: int, sizes: list[int], fewest: int, cheaper: float, energy: EnergyKind, noisy: bool
) -> None:
    case, other = (random_case(seed + add, sizes, noisy_costs=noisy) for add in (0, 1))
    known = front_of(other, energy)
    if known is None:
        return
    known_j = cheaper * least_energy_j([known], case.log.samples)
    if behind(case, known_j, fewest, energy):
        own = front_of(case, energy)
        if own is not None:
            own_j = least_energy_j([own], case.log.samples)[fewest:]
            assert (known_j[fewest:][np.isfinite(own_j)] < own_j[np.isfinite(own_j)]).all()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("sizes", [(3,), (2, 3), (1, 2, 2)])
def test_a_chain_is_never_given_up_for_its_own_front(seed: int, sizes: tuple[int, ...]) -> None:
    case = random_case(seed, sizes)
    own = front_of(case)
    assert own is not None
    assert not behind(case, least_energy_j([own], case.log.samples))


def test_the_bound_gives_up_what_is_plainly_worse() -> None:
    asked = solver(levels=6)
    good, bad = record((0,), size=1.0, skill=0.9), record((1,), size=3.0, skill=0.6, seed=1)
    front = asked((good,))
    assert front is not None
    known_j = least_energy_j([front], good.log.samples)
    assert asked.adds_nothing((bad,), known_j, 0)
    assert not asked.adds_nothing((good,), known_j, 0)


def test_where_only_accurate_designs_matter_more_is_given_up() -> None:
    given_up = {0: 0, 30: 0}
    for seed in range(40):
        case, other = random_case(seed, (2, 2)), random_case(seed + 100, (2, 2))
        known = front_of(other)
        assert known is not None
        for fewest in given_up:
            given_up[fewest] += behind(case, 0.8 * least_energy_j([known], case.log.samples), fewest)
    assert given_up[30] > given_up[0]


def test_where_work_may_be_free_nothing_is_given_up() -> None:
    case = random_case(0, (2, 2))
    nothing_j = np.zeros(case.log.samples + 1)
    assert behind(case, nothing_j)
    costs = case.costs
    free = type(costs)(
        costs.backbone,
        costs.segment_latency_s,
        costs.segment_energy_j,
        costs.head_latency_s,
        costs.head_energy_j,
        costs.overhead_latency_s,
        costs.overhead_energy_j,
        costs.idle_w + 1e9,  # busy, the board draws less than idle
        costs.segment_macs,
        costs.head_macs,
    )
    assert not adds_nothing(case.log, case.thresholds_nats, free, nothing_j - 1e30, 0, RATE)


def test_least_energies_are_of_at_least_so_many_right_answers() -> None:
    front = solver(levels=4)((record((0,)),))
    assert front is not None
    samples = record((0,)).log.samples
    least_j = least_energy_j([front], samples)
    for right in range(samples + 1):
        among = front.energy_j[front.accuracy * samples >= right - 1e-9]
        assert least_j[right] == (among.min() if among.size else np.inf)
