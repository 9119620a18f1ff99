"""Rails of INA238 chips."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.ina238 import find_ina238_rails
from tests.runtime.boards.sysfs.sensor_trees import INA238, FileTree, ina238

BASE = f"{INA238}/2-0044/hwmon/hwmon4"


def test_power_is_in_microwatts_and_steps_follow_the_shunt() -> None:
    reading = find_ina238_rails(FileTree(ina238()))["VIN"].read()
    assert reading is not None
    assert reading.power_w == pytest.approx(18.0)
    assert reading.quantum_w == pytest.approx(0.5e-3)  # 0.2 · 5 µV / 2 mΩ
    assert reading.method == "INA238"


def test_a_chip_without_label_is_the_input_and_one_without_shunt_has_assumed_steps() -> None:
    tree = FileTree(ina238())
    del tree.files[f"{BASE}/in1_label"], tree.files[f"{BASE}/shunt_resistor"]
    reading = find_ina238_rails(tree)["VIN"].read()
    assert reading is not None
    assert reading.quantum_w == pytest.approx(1e-3)


def test_two_chips_of_one_name_are_told_apart_and_a_chip_without_power_is_no_rail() -> None:
    tree = FileTree(ina238() | ina238("2-0045", 5, 2_000_000) | {f"{INA238}/2-0046/hwmon/hwmon6/name": "ina238"})
    assert list(find_ina238_rails(tree)) == ["VIN", "VIN 2-0045"]


@pytest.mark.parametrize(("text", "power_w"), [("nonsense\n", None), ("-1000\n", 0.0), ("-90000\n", None)])
def test_what_is_no_power_gives_no_reading(text: str, power_w: float | None) -> None:
    tree = FileTree(ina238())
    tree.files[f"{BASE}/power1_input"] = text
    reading = find_ina238_rails(tree)["VIN"].read()
    assert (None if reading is None else reading.power_w) == power_w


def test_a_rail_moves_with_its_chip_and_is_none_without_it() -> None:
    tree = FileTree(ina238())
    rail = find_ina238_rails(tree)["VIN"]
    tree.move(BASE, f"{INA238}/2-0044/hwmon/hwmon0")
    assert rail.read() is not None
    tree.remove(f"{INA238}/2-0044")
    assert rail.read() is None


def test_thors_input_reads_what_it_draws() -> None:
    tree = behavioural_board("thor", time=SimulatedTime())
    reading = find_ina238_rails(tree)["VIN"].read()
    assert reading is not None
    assert reading.power_w == pytest.approx(tree.drawn_w()["VIN"], abs=reading.quantum_w)
