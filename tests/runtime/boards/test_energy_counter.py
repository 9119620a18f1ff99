"""Conformance of energy counters, every implementation in turn; and what a reading may hold."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from runtime.boards.energy_counter import CounterReading, EnergyCounter
from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind


def test_a_counter_never_runs_backwards_and_says_what_it_counts(counter: EnergyCounter) -> None:
    readings = [found for _ in range(20) if (found := counter.read()) is not None]  # None: not at this moment
    assert all(earlier.energy_j <= later.energy_j for earlier, later in pairwise(readings))
    assert all(found.scope and found.method and found.quantum_j > 0.0 for found in readings)
    assert len({(found.scope, found.method) for found in readings}) <= 1


@pytest.mark.parametrize("energy_j", [-1e-9, math.nan, math.inf])
def test_what_could_not_be_read_cannot_pass_as_joules(energy_j: float) -> None:
    with pytest.raises(
        UnitError, match=r"finite number of joules(.|\n)*to do: return None where nothing could be read"
    ):
        CounterReading(energy_j, "package-0", "RAPL", 6.1e-5, Kind.MEASURED)


@pytest.mark.parametrize("quantum_j", [0.0, math.nan])
def test_a_counter_needs_the_step_it_advances_in(quantum_j: float) -> None:
    with pytest.raises(UnitError, match="counter's step must be above 0 J"):
        CounterReading(1.0, "package-0", "RAPL", quantum_j, Kind.MEASURED)
