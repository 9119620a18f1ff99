"""A battery behind the board."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import Quirks, behavioural_board
from runtime.boards.behaviour.battery import CAPACITY_J

from .orin_paths import ORIN

BATTERY = "/sys/class/power_supply/BAT0"


def test_a_developer_kit_has_none() -> None:
    with pytest.raises(FileNotFoundError):
        behavioural_board(ORIN).names("/sys/class/power_supply")


def test_it_empties_as_the_board_draws() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(has_battery=True))
    assert tree.read(f"{BATTERY}/capacity") == b"100\n"
    tree.time.sleep(CAPACITY_J / 2 / tree.drawn_w()["VDD_IN"])
    assert tree.read(f"{BATTERY}/capacity") == b"50\n"
    full_uwh, now_uwh = (int(tree.read(f"{BATTERY}/{name}")) for name in ("energy_full", "energy_now"))
    assert now_uwh == pytest.approx(full_uwh / 2, rel=0.01)
    tree.time.sleep(CAPACITY_J / tree.drawn_w()["VDD_IN"])
    assert tree.read(f"{BATTERY}/capacity") == b"0\n"


def test_volts_times_amperes_are_the_boards_watts() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(has_battery=True))
    volts, amperes = (int(tree.read(f"{BATTERY}/{name}")) / 1e6 for name in ("voltage_now", "current_now"))
    assert volts * -amperes == pytest.approx(tree.drawn_w()["VDD_IN"], rel=1e-4)


def test_beside_it_is_a_supply_that_measures_nothing() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(has_battery=True))
    other = next(name for name in tree.names("/sys/class/power_supply") if name != "BAT0")
    assert tree.read(f"/sys/class/power_supply/{other}/type") == b"USB\n"
