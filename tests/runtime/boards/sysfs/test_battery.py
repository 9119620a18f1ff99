"""Batteries: what is drawn from them, how full they are, and what is no battery of the board."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.behaviour import Quirks, behavioural_board
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.battery import find_battery
from tests.runtime.boards.sysfs.sensor_trees import SUPPLY, FileTree, battery


@pytest.mark.parametrize("current", ["-2000000\n", "2000000\n"])
def test_power_is_voltage_times_current_whatever_its_sign(current: str) -> None:
    found = find_battery(FileTree(battery(current_now=current)))
    assert found is not None
    reading = found.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(20.0)
    assert reading.scope == "BAT0: everything it feeds"
    assert reading.method == "battery gauge"


def test_a_gauge_that_gives_power_only_is_read_too() -> None:
    found = find_battery(FileTree(battery(current_now=errno.ENODATA, power_now="-15500000\n")))
    assert found is not None
    reading = found.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(15.5)


@pytest.mark.parametrize("status", ["Charging\n", "Full\n", "Not charging\n", "Unknown\n"])
def test_on_a_charger_nobody_knows_what_the_board_draws(status: str) -> None:
    found = find_battery(FileTree(battery(status=status)))
    assert found is not None
    assert found.read() is None


def test_a_gauge_that_says_nothing_of_power_or_charge_gives_none() -> None:
    found = find_battery(FileTree(battery(current_now=errno.ENODATA)))
    assert found is not None
    assert found.read() is None
    assert found.charge_fraction() is None


@pytest.mark.parametrize(
    ("files", "fraction"),
    [
        ({"energy_now": "30\n", "energy_full": "40\n", "capacity": "10\n"}, 0.75),
        ({"charge_now": "30\n", "charge_full": "60\n"}, 0.5),
        ({"charge_now": "70\n", "charge_full": "60\n"}, 1.0),
        ({"energy_now": "30\n", "energy_full": "0\n", "capacity": "42\n"}, 0.42),
        ({"capacity": "110\n"}, 1.0),
    ],
)
def test_how_full_it_is_lies_between_0_and_1(files: dict[str, str | int], fraction: float) -> None:
    found = find_battery(FileTree(battery(**files)))
    assert found is not None
    assert found.charge_fraction() == pytest.approx(fraction)


@pytest.mark.parametrize(
    "files",
    [
        battery("ucsi-source-psy-1-0008"),
        battery("AC", type="Mains\n"),
        battery("hidpp_battery_0", scope="Device\n"),
        battery("BAT1", present="0\n"),
        {},
    ],
)
def test_what_is_no_battery_of_the_board_is_passed_over(files: dict[str, str | int]) -> None:
    assert find_battery(FileTree(files)) is None


def test_a_battery_need_not_say_that_it_is_there() -> None:
    tree = FileTree(battery())
    del tree.files[f"{SUPPLY}/BAT0/present"]
    found = find_battery(tree)
    assert found is not None
    assert found.name == "BAT0"


def test_a_modelled_battery_gives_what_the_board_draws_and_empties_with_it() -> None:
    time = SimulatedTime()
    tree = behavioural_board("orin-nano-super", time=time, quirks=Quirks(has_battery=True))
    found = find_battery(tree)
    assert found is not None
    reading = found.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(sum(tree.drawn_w()[rail] for rail in ("VDD_IN",)), rel=1e-3)
    time.sleep(3600.0)
    fraction = found.charge_fraction()
    assert fraction is not None
    assert fraction < 0.95
