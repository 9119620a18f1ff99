"""codesign/search/inner_front.py"""

from __future__ import annotations

import pytest

from codesign.search.inner import solve_inner
from codesign.search.inner_front import cheapest_design
from runtime.contract.errors import InfeasibleError
from tests.codesign.search.chains import random_case

CASE = random_case(11, (3, 3), per_axis=3)


@pytest.mark.parametrize("objectives", [("accuracy", "energy"), ("accuracy", "energy", "latency")])
def test_the_cheapest_design_for_a_bound_is_the_least_energy_of_the_front_above_it(objectives: tuple[str, ...]) -> None:
    front = solve_inner(CASE.log, CASE.thresholds_nats, CASE.costs, CASE.points, objectives=objectives)
    assert len(front) > 1
    for bound in front.accuracy:
        design = cheapest_design(front, float(bound))
        assert design.accuracy >= bound
        assert design.energy_j == front.energy_j[front.accuracy >= bound].min()
        assert design.operating_point == CASE.points[design.point]


def test_an_accuracy_that_nothing_reaches_is_refused() -> None:
    front = solve_inner(CASE.log, CASE.thresholds_nats, CASE.costs, CASE.points)
    with pytest.raises(InfeasibleError, match=r"no design reaches accuracy 1\.0000"):
        cheapest_design(front, 1.0)
