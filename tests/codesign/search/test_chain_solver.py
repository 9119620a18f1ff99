"""A chain under one set of limits: its front, its energies, and what its stages end at."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver, exit_labels
from codesign.search.inner_grid import InnerLimits
from runtime.contract.cost import expected_costs, served_energy_j
from runtime.contract.errors import ConfigError, ShapeError
from tests.codesign.search.records import POINTS, SAMPLES, log_of, record, solver

CHAIN = (record((0,), skill=0.5), record((1,), size=3.0, skill=1.0, seed=1))


def test_the_log_of_a_chain_holds_all_candidates_in_order() -> None:
    log = solver().log(CHAIN)
    assert (log.candidates, log.samples) == (6, SAMPLES)
    np.testing.assert_array_equal(log.predictions[3:], CHAIN[1].log.predictions)


def test_there_is_a_threshold_per_level_and_early_candidate() -> None:
    assert solver(levels=5).thresholds(CHAIN).shape == (5, 5)


def test_the_front_reaches_from_the_least_energy_to_the_best_accuracy() -> None:
    front = solver()(CHAIN)
    assert front is not None
    assert front.points == POINTS
    assert front.accuracy[0] == front.accuracy.max() >= CHAIN[1].accuracy
    assert front.energy_j.min() < solver().pricing.static(CHAIN[0]).energy_j.min()


def test_where_nothing_keeps_to_the_limits_there_is_no_front() -> None:
    assert solver(InnerLimits(max_worst_latency_s=1e-9))(CHAIN) is None
    assert solver(InnerLimits(requests_per_s=1e9))(CHAIN) is None


def test_limits_are_kept_by_every_design() -> None:
    loose = solver()(CHAIN)
    assert loose is not None
    limit_s = float(np.median(loose.worst_latency_s))
    tight = solver(InnerLimits(max_exits=1, max_worst_latency_s=limit_s))(CHAIN)
    assert tight is not None
    assert tight.worst_latency_s.max() <= limit_s
    assert max(int(mask).bit_count() for mask in tight.mask) == 1


def test_a_network_as_it_stands_is_a_front_of_its_own() -> None:
    front = solver().without_exits(CHAIN[1:])
    assert front is not None
    assert not front.mask.any()
    assert set(front.accuracy) == {CHAIN[1].accuracy}
    assert solver(InnerLimits(max_worst_latency_s=1e-9)).without_exits(CHAIN[1:]) is None


def test_an_error_that_is_not_about_limits_is_not_taken_for_them() -> None:
    stranger = BackboneRecord((2,), CHAIN[0].works, CHAIN[0].static, log_of(3, 0.5, seed=0, samples=9))
    with pytest.raises(ShapeError, match="different labels"):
        solver()((CHAIN[0], stranger))


RATE = 20.0


def served_solver() -> ChainSolver:
    return solver(InnerLimits(requests_per_s=RATE), energy="served")


def test_the_energy_of_a_static_network_is_of_the_kind_that_is_minimised() -> None:
    costs = solver().pricing.static(CHAIN[0])
    np.testing.assert_array_equal(solver().static_energies_j(CHAIN[0]), costs.energy_j[0])
    served_j = served_energy_j(costs.energy_j[0], costs.latency_s[0], costs.idle_w, RATE)
    fits = np.isfinite(served_j)
    assert fits.any()
    np.testing.assert_allclose(served_solver().static_energies_j(CHAIN[0])[fits], served_j[fits], rtol=1e-12)


def test_a_served_front_lies_below_the_energy_of_its_static_network() -> None:
    asked = served_solver()
    front = asked((CHAIN[1],))
    assert front is not None
    assert front.energy_j.min() <= asked.static_energies_j(CHAIN[1]).max()


def test_back_to_back_energy_of_a_front_is_that_of_its_designs_whichever_was_minimised() -> None:
    for asked in (solver(), served_solver()):
        front = asked(CHAIN)
        assert front is not None
        log = asked.log(CHAIN)
        for index in range(0, len(front), 3):
            design = front.design(index)
            costs = asked.pricing.exited(CHAIN).stage_costs(design.mask)
            thresholds = asked.thresholds(CHAIN)[design.level]
            kept = [c for c in range(5) if design.mask >> c & 1]
            leaves = np.stack([log.entropy_nats[c] <= thresholds[c] for c in kept] + [np.ones(SAMPLES, dtype=bool)])
            shares = np.bincount(leaves.argmax(axis=0), minlength=len(leaves)) / SAMPLES
            energy_j = expected_costs(shares, costs)[1][design.point]
            assert asked.back_to_back_energy_j(front)[index] == pytest.approx(energy_j, rel=1e-9)


def test_served_energy_needs_a_rate() -> None:
    with pytest.raises(ConfigError, match="served energy needs a request rate"):
        solver(energy="served").static_energies_j(CHAIN[0])


@pytest.mark.parametrize(
    ("mask", "labels"),
    [
        (0b00000, [(1, 2, True)]),
        (0b00001, [(0, 0, False), (1, 2, True)]),
        (0b00110, [(0, 1, False), (0, 2, True), (1, 2, True)]),
        (0b11000, [(1, 0, False), (1, 1, False), (1, 2, True)]),
    ],
)
def test_each_stage_ends_at_an_exit_of_a_backbone_or_at_its_end(mask: int, labels: list[tuple[int, int, bool]]) -> None:
    assert exit_labels(CHAIN, mask) == labels
