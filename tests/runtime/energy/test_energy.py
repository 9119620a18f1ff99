"""Joules as a value."""

from __future__ import annotations

import json

from runtime.contract.kind import Kind
from runtime.energy.energy import Energy

ENERGY = Energy(10.0, 0.1, 2.0, 200, "VDD_IN", "INA3221, integrated", 0.04, Kind.MEASURED)


def test_mean_power_is_joules_over_seconds() -> None:
    assert ENERGY.mean_w == 5.0


def test_as_json_it_keeps_every_field_and_its_kind() -> None:
    assert json.loads(json.dumps(ENERGY.to_json())) == {
        "energy_j": 10.0,
        "uncertainty_j": 0.1,
        "span_s": 2.0,
        "samples": 200,
        "scope": "VDD_IN",
        "method": "INA3221, integrated",
        "quantum_w": 0.04,
        "kind": "measured",
    }
