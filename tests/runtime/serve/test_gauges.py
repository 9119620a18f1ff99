"""How warm a board is, and how full its battery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.boards.hardware import find_hardware, open_hardware
from runtime.boards.sysfs.tree import TreeIO
from runtime.serve.gauges import Gauges, gauges_of


def test_a_boards_thermometer_is_read() -> None:
    temperature_c = gauges_of(open_hardware("model:orin-nano-super")).temperature_c()
    assert temperature_c is not None
    assert 0.0 < temperature_c < 120.0


def test_a_battery_is_read_where_there_is_one(tmp_path: Path) -> None:
    supply = tmp_path / "sys/class/power_supply/BAT0"
    supply.mkdir(parents=True)
    for name, content in (("type", "Battery"), ("charge_now", "500000"), ("charge_full", "2000000")):
        (supply / name).write_text(content)
    gauges = gauges_of(find_hardware(TreeIO(tmp_path)))
    assert gauges.battery_share() == pytest.approx(0.25)
    assert gauges.temperature_c() is None


def test_what_a_machine_lacks_is_unknown() -> None:
    hardware = replace(open_hardware("model:orin-nano-super"), thermometer=None)
    assert gauges_of(hardware).temperature_c() is None
    assert (Gauges().temperature_c(), Gauges().battery_share()) == (None, None)
