"""The hottest zone of the chip, whatever a JetPack calls its zones."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.thermal import find_thermometer
from tests.runtime.boards.sysfs.sensor_trees import FileTree, zones

JETPACK_4 = (
    ("AO-therm", "41000\n"),
    ("CPU-therm", "38500\n"),
    ("GPU-therm", "37500\n"),
    ("PLL-therm", "36500\n"),
    ("PMIC-Die", "100000\n"),
    ("thermal-fan-est", "42000\n"),
)
JETPACK_6 = (
    ("cpu-thermal", "47000\n"),
    ("gpu-thermal", errno.EAGAIN),
    ("cv0-thermal", errno.EAGAIN),
    ("soc0-thermal", "46000\n"),
    ("tj-thermal", "47500\n"),
)
PC = (("acpitz", "27800\n"), ("x86_pkg_temp", "55000\n"), ("iwlwifi_1", "61000\n"))


@pytest.mark.parametrize(("found", "celsius"), [(JETPACK_4, 41.0), (JETPACK_6, 47.5), (PC, 55.0)])
def test_the_hottest_zone_of_the_chip_counts(found: tuple[tuple[str, str | int], ...], celsius: float) -> None:
    thermometer = find_thermometer(FileTree(zones(*found)))
    assert thermometer is not None
    assert thermometer.read_c() == pytest.approx(celsius)


def test_a_zone_without_power_is_passed_over_and_shown_as_none() -> None:
    thermometer = find_thermometer(FileTree(zones(*JETPACK_6)))
    assert thermometer is not None
    assert thermometer.by_zone_c()["gpu-thermal"] is None
    assert thermometer.by_zone_c()["cpu-thermal"] == pytest.approx(47.0)


def test_where_every_zone_is_without_power_there_is_no_temperature() -> None:
    thermometer = find_thermometer(FileTree(zones(("cv0-thermal", errno.EAGAIN), ("cv1-thermal", "-256000\n"))))
    assert thermometer is not None
    assert thermometer.read_c() is None


def test_the_firmwares_zone_of_a_pc_serves_where_there_is_no_other() -> None:
    thermometer = find_thermometer(FileTree(zones(("acpitz", "27800\n"))))
    assert thermometer is not None
    assert thermometer.read_c() == pytest.approx(27.8)


def test_zones_are_looked_at_in_the_order_of_their_numbers() -> None:
    thermometer = find_thermometer(FileTree(zones(*((f"soc{number}-thermal", "40000\n") for number in range(12)))))
    assert thermometer is not None
    assert thermometer.names[-1] == "soc11-thermal"


def test_a_machine_without_zones_of_the_chip_has_no_thermometer() -> None:
    assert find_thermometer(FileTree({})) is None
    assert find_thermometer(FileTree(zones(("PMIC-Die", "100000\n")))) is None


@pytest.mark.parametrize("board", sorted(LAYOUTS))
def test_a_modelled_board_is_as_warm_as_its_chip(board: str) -> None:
    tree = behavioural_board(board, time=SimulatedTime())
    tree.hold_temperature(61.5)
    thermometer = find_thermometer(tree)
    assert thermometer is not None
    celsius = thermometer.read_c()
    assert celsius is not None
    assert 58.0 < celsius <= 61.5
