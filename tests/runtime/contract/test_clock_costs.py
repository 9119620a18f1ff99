from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.contract.clock_costs import ClockCosts
from runtime.contract.errors import BundleError
from runtime.contract.operating_point import OperatingPoint

ROW = ClockCosts(OperatingPoint(10**9, 0, 2 * 10**9), (0.001, 0.002), (0.01, 0.03), 4.2)


def test_what_is_written_as_json_is_what_is_read() -> None:
    assert ClockCosts.from_json(json.loads(json.dumps(ROW.to_json())), "predictor.json") == ROW


@pytest.mark.parametrize("changes", [{"idle_w": ...}, {"operating_point": {}}, {"stage_energy_j": ["x", 1.0]}])
def test_a_row_that_lacks_or_garbles_a_key_is_refused(changes: dict[str, Any]) -> None:
    table = {key: value for key, value in (ROW.to_json() | changes).items() if value is not ...}
    with pytest.raises(BundleError, match="costs at other clocks cannot be read"):
        ClockCosts.from_json(table, "predictor.json")


def test_a_row_of_another_number_of_energies_than_latencies_is_refused() -> None:
    with pytest.raises(BundleError, match="2 latencies and 1 energies"):
        ClockCosts.from_json(ROW.to_json() | {"stage_energy_j": [0.1]}, "predictor.json")
