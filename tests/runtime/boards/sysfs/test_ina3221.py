"""Rails of INA3221 chips, in both layouts, on trees and on the behavioural model."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.ina3221 import channels, find_ina3221_rails
from runtime.contract.kind import Kind
from tests.runtime.boards.sysfs.sensor_trees import INA3221, INA3221X, FileTree, ina3221, ina3221x

BASE = f"{INA3221}/1-0040/hwmon/hwmon2"


def test_power_is_voltage_times_current_in_steps_of_the_shunt() -> None:
    reading = find_ina3221_rails(FileTree(ina3221()))["VDD_IN"].read()
    assert reading is not None
    assert reading.power_w == pytest.approx(5.0)
    assert reading.quantum_w == pytest.approx(0.04)  # 40 µV / 5 mΩ · 5 V
    assert (reading.scope, reading.method, reading.kind) == ("VDD_IN", "INA3221", Kind.MEASURED)


def test_a_reading_of_a_model_is_not_called_measured() -> None:
    reading = find_ina3221_rails(FileTree(ina3221()), Kind.SIMULATED)["VDD_IN"].read()
    assert reading is not None
    assert reading.kind is Kind.SIMULATED


def test_a_channel_that_is_not_connected_is_no_rail() -> None:
    tree = FileTree(ina3221(rails=("NC", "VDD_SOC", "NC"), milliamperes=(0, 8, 0)))
    assert list(find_ina3221_rails(tree)) == ["VDD_SOC"]


def test_a_channel_without_a_label_is_no_rail() -> None:
    tree = FileTree(ina3221())
    del tree.files[f"{BASE}/in2_label"]
    assert list(find_ina3221_rails(tree)) == ["VDD_IN", "VDD_SOC"]


def test_rails_that_two_chips_name_alike_are_told_apart() -> None:
    tree = FileTree(ina3221("1-0040", 2) | ina3221("1-0041", 3, ("VDD_IN", "NC", "NC"), milliamperes=(80, 0, 0)))
    rails = find_ina3221_rails(tree)
    assert list(rails) == ["VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC", "VDD_IN 1-0041"]
    second = rails["VDD_IN 1-0041"].read()
    assert second is not None
    assert second.power_w == pytest.approx(0.4)
    assert second.scope == "VDD_IN 1-0041"


def test_a_disabled_channel_is_none_and_never_zero() -> None:
    tree = FileTree(ina3221())
    tree.files[f"{BASE}/curr1_input"] = errno.ENODATA
    assert find_ina3221_rails(tree)["VDD_IN"].read() is None


def test_an_idle_rail_may_read_zero_and_its_offset_below_zero_is_zero() -> None:
    rails = find_ina3221_rails(FileTree(ina3221(milliamperes=(0, -8, -800))))
    assert [None if (found := rail.read()) is None else found.power_w for rail in rails.values()] == [0.0, 0.0, None]


@pytest.mark.parametrize("text", ["", "nonsense\n", "0\n"])
def test_a_voltage_that_is_none_gives_no_reading(text: str) -> None:
    tree = FileTree(ina3221())
    tree.files[f"{BASE}/in1_input"] = text
    assert find_ina3221_rails(tree)["VDD_IN"].read() is None


def test_a_rail_is_found_again_under_another_hwmon_number() -> None:
    tree = FileTree(ina3221())
    rail = find_ina3221_rails(tree)["VDD_IN"]
    assert rail.read() is not None
    tree.move(BASE, f"{INA3221}/1-0040/hwmon/hwmon7")
    reading = rail.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(5.0)


def test_a_rail_that_disappears_is_none_until_it_is_back() -> None:
    tree = FileTree(ina3221())
    rail = find_ina3221_rails(tree)["VDD_IN"]
    tree.remove(f"{INA3221}/1-0040")
    assert rail.read() is None
    tree.files |= ina3221(hwmon=5)
    assert rail.read() is not None


def test_jetpack_4_counts_channels_from_zero_and_writes_units() -> None:
    rails = find_ina3221_rails(FileTree(ina3221x()))
    assert list(rails) == ["POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"]
    reading = rails["POM_5V_IN"].read()
    assert reading is not None
    assert reading.power_w == pytest.approx(2.4)


def test_jetpack_4_does_not_tell_its_shunt_so_the_step_is_learned() -> None:
    tree = FileTree(ina3221x())
    rail = find_ina3221_rails(tree)["POM_5V_IN"]
    for milliamperes, quantum_w in ((480, 0.2), (488, 0.04), (480, 0.04)):
        tree.files[f"{INA3221X}/6-0040/iio:device0/in_current0_input"] = f"{milliamperes} ma\n"
        reading = rail.read()
        assert reading is not None
        assert reading.quantum_w == pytest.approx(quantum_w)


def test_a_machine_without_such_chips_has_no_such_rails() -> None:
    assert channels(FileTree({})) == ()


@pytest.mark.parametrize("board", ["nano", "tx2", "agx-xavier", "orin-nano-super", "agx-orin", "thor"])
def test_every_rail_of_a_modelled_board_reads_what_it_draws_within_two_steps(board: str) -> None:
    tree = behavioural_board(board, time=SimulatedTime())
    drawn_w = tree.drawn_w()
    rails = find_ina3221_rails(tree)
    assert rails
    for name, rail in rails.items():
        reading = rail.read()
        assert reading is not None
        # Half a step of the current, and the voltage's own.
        assert abs(reading.power_w - drawn_w.get(name, 0.0)) < reading.quantum_w + 0.002 * reading.power_w, name


def test_a_model_that_boots_again_deals_out_other_hwmon_numbers_and_the_rail_still_reads() -> None:
    tree = behavioural_board("orin-nano-super", time=SimulatedTime())
    rail = find_ina3221_rails(tree)["VDD_IN"]
    before = channels(tree)[0].voltage_path
    tree.boot()
    assert channels(tree)[0].voltage_path != before
    assert rail.read() is not None


def test_a_chip_taken_from_its_driver_is_none_and_comes_back() -> None:
    tree = behavioural_board("orin-nano-super", time=SimulatedTime())
    rail = find_ina3221_rails(tree)["VDD_IN"]
    tree.unbind("1-0040")
    assert rail.read() is None
    tree.unbind("1-0040", bound=True)
    assert rail.read() is not None
