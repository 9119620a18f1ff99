"""The draw of a whole board as a sum of rails."""

from __future__ import annotations

import math

import pytest

from runtime.boards.missing import Missing
from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.boards.profile import profile
from runtime.boards.rails import TotalPower, total_power
from runtime.contract.kind import Kind


class Fixed:
    """A rail that draws what a test says."""

    def __init__(self, power_w: float | None, quantum_w: float = 0.04, method: str = "INA3221") -> None:
        self.power_w, self.quantum_w, self.method = power_w, quantum_w, method

    def read(self) -> PowerReading | None:
        if self.power_w is None:
            return None
        return PowerReading(self.power_w, "rail", self.method, self.quantum_w, Kind.MEASURED)


def test_one_rail_reads_as_itself_and_says_what_it_covers() -> None:
    reading = TotalPower({"VDD_IN": Fixed(5.0)}, "module").read()
    assert reading is not None
    assert (reading.power_w, reading.quantum_w, reading.scope) == (5.0, 0.04, "VDD_IN: module")


def test_several_rails_are_added_and_their_steps_as_squares() -> None:
    total = TotalPower({"GPU": Fixed(5.0, 0.3), "CPU": Fixed(3.0, 0.4, "INA238"), "SOC": Fixed(1.0, 0.0001)}, "module")
    reading = total.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(9.0)
    assert reading.quantum_w == pytest.approx(0.5, rel=1e-6)
    assert reading.scope == "GPU + CPU + SOC: module"
    assert reading.method == "INA3221 + INA238"


def test_a_sum_with_a_missing_part_is_none_and_names_it_until_it_is_back() -> None:
    parts = {"GPU": Fixed(5.0), "CPU": Fixed(3.0), "SOC": Fixed(1.0)}
    total = TotalPower(parts, "module")
    parts["CPU"].power_w = parts["SOC"].power_w = None
    assert total.read() is None
    assert total.lost == ("CPU", "SOC")
    parts["CPU"].power_w = 3.0
    assert total.read() is None
    assert total.lost == ("SOC",)
    parts["SOC"].power_w = 0.0
    reading = total.read()
    assert reading is not None
    assert reading.power_w == 8.0
    assert total.lost == ()


@pytest.mark.parametrize(
    ("board", "parts"),
    [
        ("nano", ("POM_5V_IN",)),
        ("orin-nano-super", ("VDD_IN",)),
        ("agx-xavier", ("GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V")),
        ("agx-orin", ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0")),
        ("thor", ("VIN",)),
    ],
)
def test_the_total_of_a_known_board_is_the_sum_that_its_profile_says(board: str, parts: tuple[str, ...]) -> None:
    rails = profile(board).rails
    found: dict[str, PowerSensor] = {name: Fixed(1.0) for name in rails.names}
    total = total_power(found, rails)
    assert isinstance(total, TotalPower)
    reading = total.read()
    assert reading is not None
    assert reading.power_w == len(parts)
    assert reading.scope == f"{' + '.join(parts)}: {rails.scope}"
    assert reading.quantum_w == pytest.approx(0.04 * math.sqrt(len(parts)))


def test_a_total_without_one_of_its_rails_is_missing_and_names_it() -> None:
    found: dict[str, PowerSensor] = {"VDD_GPU_SOC": Fixed(1.0), "VDD_CPU_CV": Fixed(1.0)}
    lack = total_power(found, profile("agx-orin").rails)
    assert isinstance(lack, Missing)
    assert lack.why == ("the board's draw is the sum of VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0; not found: VIN_SYS_5V0")
    assert "ina3221" in lack.to_do


def test_of_an_unknown_board_only_the_input_of_everything_is_a_total() -> None:
    total = total_power({"VDD_IN": Fixed(5.0), "VDD_SOC": Fixed(1.0)}, None)
    assert isinstance(total, TotalPower)
    reading = total.read()
    assert reading is not None
    assert reading.scope == "VDD_IN: by its name the board's input; no profile confirms it"


@pytest.mark.parametrize("names", [("GPU", "CPU"), ("VIN", "VDD_IN")])
def test_rails_of_an_unknown_board_are_not_added_up(names: tuple[str, ...]) -> None:
    lack = total_power({name: Fixed(1.0) for name in names}, None)
    assert isinstance(lack, Missing)
    assert f"rails {', '.join(names)} are there, but no profile says which of them add up" in lack.why
