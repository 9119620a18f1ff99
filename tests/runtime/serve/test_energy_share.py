"""What a bundle promises of a request's joules."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.contract.kind import Kind
from runtime.serve.energy_share import EnergyShare, promised_share
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import deepest


def test_a_promise_adds_up_over_the_images_of_a_request(served: ServedBundle) -> None:
    share = promised_share(deepest(served), np.array([0, 2]))
    assert share.energy_j == pytest.approx(0.001 + 0.006)  # 1 mJ; 1 + 2 + 3 mJ
    assert share.kind is Kind.SIMULATED
    assert share.scope.startswith("simulated test board, board rail; back to back at the mode's own clocks")


def test_the_part_above_idling_is_told_where_it_is_known() -> None:
    assert EnergyShare(2.0, 1.5, Kind.MEASURED, "VDD_IN").to_json() == {
        "energy_j": 2.0,
        "energy_kind": "measured",
        "energy_scope": "VDD_IN",
        "active_energy_j": 1.5,
    }
