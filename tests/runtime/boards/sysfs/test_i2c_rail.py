"""A rail is found again when its files move, and is None while they are nowhere."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.power_sensor import PowerReading
from runtime.boards.sysfs.i2c_rail import I2cRail, Read, at_least_nothing, chip_folders, hwmon_folders
from runtime.contract.kind import Kind
from tests.runtime.boards.sysfs.sensor_trees import INA3221, FileTree, ina3221

READING = PowerReading(1.0, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)


def _sound() -> PowerReading | None:
    return READING


def _failing(number: int) -> Read:
    def read() -> PowerReading | None:
        raise OSError(number, "injected")

    return read


def test_a_driver_folder_holds_chips_and_other_things() -> None:
    tree = FileTree(ina3221("1-0040", 2) | ina3221("7-0041", 3) | {f"{INA3221}/module/refcnt": "0"})
    assert chip_folders(tree, "ina3221") == (("1-0040", f"{INA3221}/1-0040"), ("7-0041", f"{INA3221}/7-0041"))
    assert hwmon_folders(tree, "ina3221") == (
        ("1-0040", f"{INA3221}/1-0040/hwmon/hwmon2"),
        ("7-0041", f"{INA3221}/7-0041/hwmon/hwmon3"),
    )


def test_a_machine_without_the_driver_has_no_chips() -> None:
    assert chip_folders(FileTree({}), "ina3221") == ()
    assert hwmon_folders(FileTree({f"{INA3221}/1-0040/name": "x"}), "ina3221") == ()


def test_a_rail_that_fails_is_looked_for_once_more() -> None:
    ways = iter([_failing(errno.ENODEV), _sound])
    assert I2cRail(lambda: next(ways)).read() == READING


def test_a_rail_that_was_nowhere_at_first_may_appear() -> None:
    ways: list[Read | None] = [None, None, _sound]
    rail = I2cRail(lambda: ways.pop(0))
    assert rail.read() is None
    assert rail.read() == READING


def test_a_rail_that_fails_where_it_was_found_again_is_none() -> None:
    assert I2cRail(lambda: _failing(errno.EIO)).read() is None


@pytest.mark.parametrize("number", [errno.ENODATA, errno.EAGAIN])
def test_a_disabled_channel_is_none_and_not_looked_for(number: int) -> None:
    looked: list[int] = []

    def find() -> Read:
        looked.append(1)
        return _failing(number)

    rail = I2cRail(find)
    assert rail.read() is None
    assert len(looked) == 1


@pytest.mark.parametrize(("power_w", "known_w"), [(1.0, 1.0), (0.0, 0.0), (-0.08, 0.0), (-0.12, None)])
def test_an_amplifiers_offset_is_no_power_and_a_rail_wired_backwards_is_no_reading(
    power_w: float, known_w: float | None
) -> None:
    assert at_least_nothing(power_w, 0.04) == known_w
