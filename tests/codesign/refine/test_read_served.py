"""codesign/refine/read_served.py: a simulated day through the collector, read back."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.fleet.questions import ask_sql
from codesign.refine.left_out import Wanted
from codesign.refine.read_served import read_served
from codesign.refine.served_costs import ServedCosts
from runtime.contract.cost import stage_costs
from tests.bench.served_rows import ServedDesign, Stretch, serve
from tests.codesign.refine.fleet import POINTS, SERVED, STAGES, Unit, shares, true_board

UNIT = Unit(true_board(), 1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedCosts:
    day = [Stretch(SERVED[1], POINTS[number % 2], 600.0 * number, 600.0, 4000) for number in range(6)]
    designs = {SERVED[1]: ServedDesign(STAGES, shares())}
    store = tmp_path_factory.mktemp("store") / "s"
    with serve("tx2", SERVED[0], designs, [UNIT, UNIT], [day, day], store, np.random.default_rng(0)) as collected:
        return read_served(partial(ask_sql, collected), Wanted("tx2", {SERVED: 3}, POINTS, 95.0))


def test_every_unit_exit_and_clock_is_a_cell(served: ServedCosts) -> None:
    assert len(served.times) == 2 * 2 * 3
    assert len(served.powers) == 2 * 2


def test_medians_are_the_true_latencies_whatever_one_image_in_a_hundred_takes(served: ServedCosts) -> None:
    truth = stage_costs(UNIT, STAGES, POINTS).latency_s.cumsum(axis=0)
    for cell in served.times:
        assert cell.median_s == pytest.approx(truth[cell.exit_index, POINTS.index(cell.point)], rel=0.01)
        assert cell.spread == pytest.approx(0.02, abs=0.01)


def test_power_at_work_is_joules_over_seconds_of_the_mix(served: ServedCosts) -> None:
    costs = stage_costs(UNIT, STAGES, POINTS)
    reached_s, reached_j = (shares() @ each.cumsum(axis=0) for each in (costs.latency_s, costs.energy_j))
    for cell in served.powers:
        place = POINTS.index(cell.point)
        assert cell.power_w == pytest.approx(reached_j[place] / reached_s[place], rel=0.03)
        assert np.asarray(cell.exits) / cell.rows == pytest.approx(shares(), abs=0.05)


def test_all_images_are_counted_by_exit_though_one_in_ten_is_a_row(served: ServedCosts) -> None:
    assert sum(served.exits[SERVED]) == 2 * 6 * 4000
    assert served.rows < 2 * 6 * 400


def test_throttled_and_foreign_rows_are_counted(served: ServedCosts) -> None:
    assert {"throttled", "clocks other than asked for", "clocks changed about then"} == set(served.left_out)
    assert sum(served.left_out.values()) + served.rows == 2 * 6 * 400
