"""Every clock and sensor is asked once; what does not answer is not known."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runtime.boards.behaviour import BehaviouralTree, Debugfs, Quirks, behavioural_board
from runtime.boards.energy_counter import CounterReading
from runtime.boards.hardware import Hardware, find_hardware
from runtime.boards.missing import Missing
from runtime.boards.power_sensor import PowerReading
from runtime.boards.profile import profile
from runtime.commands.doctor_findings import ClockFinding, CounterFinding
from runtime.commands.doctor_hardware import (
    CLOCKS,
    SHOWN_ELSEWHERE,
    RailLook,
    battery_of,
    clocks_of,
    counter_of,
    heat_of,
    machine_of,
    power_mode_of,
    power_modes_of,
    rails_of,
    total_of,
)
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from tests.runtime.boards.sysfs.recorded_trees import DictTree

BOARD = "orin-nano-super"
READING = PowerReading(5.52, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)
COVERING = PowerReading(5.52, "VDD_IN: the module, without its fan", "INA3221", 0.04, Kind.MEASURED)


class Ticking:
    """A clock that advances a little with every look."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def __call__(self) -> float:
        self._now_s += 0.001
        return self._now_s


class FixedRail:
    def __init__(self, reading: PowerReading | None) -> None:
        self.reading = reading

    def read(self) -> PowerReading | None:
        return self.reading


LOOK = RailLook(None)


def hardware(tree: BehaviouralTree | None = None) -> Hardware:
    found = behavioural_board(BOARD) if tree is None else tree
    return find_hardware(found, now_s=found.time.now_s, sleep=found.time.sleep)


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def by_name(found: tuple[ClockFinding, ...]) -> dict[str, ClockFinding]:
    assert tuple(each.clock for each in found) == CLOCKS
    return {each.clock: each for each in found}


def test_the_machine_is_what_its_tree_says() -> None:
    found = machine_of(hardware(), spec="model:orin-nano-super", is_this_machine=False)
    assert found.model == "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super"
    assert (found.soc, found.profile, found.support) == ("tegra234", BOARD, "runs")
    assert (found.l4t, found.jetpack, found.kernel) == ("36.5.0", "6.2.2", "5.15.185-tegra")
    assert (found.hardware, found.is_this_machine, found.container) == ("model:orin-nano-super", False, False)
    assert found.power_mode == profile(BOARD).default_mode


def test_an_unknown_machine_has_no_profile_no_soc_and_no_support() -> None:
    found = machine_of(find_hardware(DictTree({})), spec="folder", is_this_machine=False)
    assert (found.model, found.soc, found.profile, found.support, found.power_mode) == (None,) * 5


def test_the_power_mode_has_a_number_where_its_name_is_not_known() -> None:
    assert power_mode_of(DictTree({"/var/lib/nvpmodel/status": b"pmode:0007 fmode:quiet\n"})) == "number 7"
    conf = b"# modes\n< POWER_MODEL ID=7 NAME=MAXN_SUPER >\n"
    tree = DictTree({"/var/lib/nvpmodel/status": b"pmode:0007\n", "/etc/nvpmodel.conf": conf})
    assert power_mode_of(tree) == "MAXN_SUPER"


def test_the_power_modes_are_those_of_the_profile() -> None:
    modes = power_modes_of(profile(BOARD))
    assert [mode.name for mode in modes] == [mode.name for mode in profile(BOARD).modes]
    assert [mode.name for mode in modes if mode.default] == [profile(BOARD).default_mode]
    assert power_modes_of(None) == ()


def test_root_may_read_and_set_every_clock_of_a_healthy_board() -> None:
    found = by_name(clocks_of(hardware()))
    for name, each in found.items():
        assert each.present, name
        assert each.settable, each.why_not
        assert each.why_not is None
        assert each.table_hz == getattr(profile(BOARD), name).hz
        assert each.max_hz is not None
    assert found["emc"].current_hz in found["emc"].table_hz


def test_another_user_reads_limits_and_is_told_why_nothing_can_be_set() -> None:
    found = by_name(clocks_of(hardware(behavioural_board(BOARD, uid=1000))))
    assert not any(each.settable for each in found.values())
    assert "needs root" in str(found["cpu"].why_not)
    assert found["cpu"].table_hz
    assert found["emc"].present  # the profile knows that it is there, although this user may not see it
    assert found["emc"].table_hz == ()
    assert found["emc"].current_hz is None
    assert "needs root" in str(found["emc"].why_not)


def test_without_debugfs_the_memory_clock_says_how_to_get_it() -> None:
    found = by_name(clocks_of(hardware(behavioural_board(BOARD, quirks=Quirks(debugfs=Debugfs.UNMOUNTED)))))
    assert "mount -t debugfs" in str(found["emc"].why_not)


def test_a_gpu_that_never_had_power_says_so() -> None:
    tree = behavioural_board(BOARD, quirks=Quirks(gpu_missing_until_powered=True))
    found = by_name(clocks_of(hardware(tree)))
    assert found["gpu"].present
    assert "no devfreq node yet" in str(found["gpu"].why_not)


def test_a_machine_without_clocks_has_none_and_knows_why() -> None:
    found = by_name(clocks_of(find_hardware(DictTree({}))))
    assert not any(each.present or each.settable for each in found.values())
    assert "no cpufreq policy" in str(found["cpu"].why_not)


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), BoardError("gone")])
def test_a_clock_that_fails_while_it_is_asked_is_not_known(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    here = hardware()
    assert here.clocks is not None
    for question in ("limits_hz", "table_hz", "current_hz"):
        monkeypatch.setattr(here.clocks.domains["cpu"], question, failing(error))
    found = by_name(clocks_of(here))["cpu"]
    assert (found.table_hz, found.current_hz, found.min_hz, found.max_hz) == ((), None, None, None)
    monkeypatch.setattr(here.clocks.domains["cpu"], "present", failing(error))
    assert by_name(clocks_of(here))["cpu"].table_hz == ()


def test_a_rail_is_described_by_its_reading_and_timed() -> None:
    found = RailLook(Ticking()).at("VDD_IN", FixedRail(READING), in_total=True)
    assert (found.rail, found.in_total, found.power_w, found.quantum_w) == ("VDD_IN", True, 5.52, 0.04)
    assert (found.scope, found.method, found.kind) == ("VDD_IN", "INA3221", "measured")
    assert found.read_cost_s == pytest.approx(0.001)


def test_a_rail_of_a_model_is_simulated_and_its_reads_are_not_timed() -> None:
    found = RailLook(None).at("VDD_IN", FixedRail(replace(READING, kind=Kind.SIMULATED)), in_total=True)
    assert (found.kind, found.read_cost_s) == ("simulated", None)


def test_a_silent_rail_has_no_numbers() -> None:
    found = LOOK.at("VDD_IN", FixedRail(None), in_total=False)
    assert (found.power_w, found.quantum_w, found.read_cost_s, found.kind) == (None, None, None, None)
    broken = cast(Any, SimpleNamespace(read=failing(OSError(errno.EIO, "gone"))))
    assert LOOK.at("VDD_IN", broken, in_total=False).power_w is None


def test_every_rail_of_a_board_says_whether_it_is_in_the_total() -> None:
    here = replace(
        hardware(), rails={"VDD_IN": FixedRail(READING), "VDD_SOC": FixedRail(READING)}, power=FixedRail(COVERING)
    )
    assert [(rail.rail, rail.in_total) for rail in rails_of(here, LOOK)] == [("VDD_IN", True), ("VDD_SOC", False)]
    total, covers = total_of(here, LOOK)
    assert total is not None
    assert (total.rail, total.power_w, covers) == ("VDD_IN", 5.52, "the module, without its fan")


def test_a_total_that_does_not_answer_has_its_profiles_scope_and_no_power() -> None:
    silent = replace(hardware(), power=FixedRail(None))
    total, covers = total_of(silent, LOOK)
    assert total is not None
    assert (total.rail, total.power_w, covers) == ("whole board", None, profile(BOARD).rails.scope)
    assert total_of(replace(silent, profile=None), LOOK)[1] is None
    assert not any(rail.in_total for rail in rails_of(replace(silent, profile=None), LOOK))


def test_a_total_may_cover_just_what_it_is_called() -> None:
    total, covers = total_of(replace(hardware(), power=FixedRail(READING)), LOOK)
    assert total is not None
    assert (total.rail, covers) == ("VDD_IN", None)
    assert total_of(replace(hardware(), power=None), LOOK) == (None, None)


def test_heat_is_the_thermometers_and_the_kernels() -> None:
    tree = DictTree(
        {
            "/sys/class/thermal/cooling_device0/type": b"cpu-throttle-alert\n",
            "/sys/class/thermal/cooling_device0/cur_state": b"3\n",
            "/sys/class/thermal/cooling_device0/max_state": b"7\n",
        }
    )
    found = heat_of(replace(hardware(), io=tree, thermometer=cast(Any, SimpleNamespace(read_c=lambda: 71.5))))
    assert (found.temperature_c, found.throttling_now) == (71.5, True)
    assert found.signs == ("cpu-throttle-alert is slowed to state 3 of 7",)
    cold = heat_of(replace(hardware(), io=DictTree({}), thermometer=None))
    assert (cold.temperature_c, cold.throttling_now, cold.signs) == (None, None, ())


def test_the_battery_of_the_board_is_described_and_a_mouse_is_none() -> None:
    files = {
        "type": b"Battery\n", "status": b"Discharging\n", "capacity": b"82\n", "voltage_now": b"12000000\n",
        "current_now": b"-500000\n",
    }  # fmt: skip
    tree = DictTree({f"/sys/class/power_supply/BAT0/{name}": text for name, text in files.items()})
    found = battery_of(tree)
    assert found is not None
    assert (found.name, found.charge_fraction) == ("BAT0", 0.82)
    assert found.power_w == pytest.approx(6.0)
    tree.nodes["/sys/class/power_supply/BAT0/status"] = b"Charging\n"
    charging = battery_of(tree)
    assert charging is not None
    assert charging.power_w is None
    tree.nodes["/sys/class/power_supply/BAT0/scope"] = b"Device\n"
    assert battery_of(tree) is None


def test_a_counter_is_described_by_its_reading() -> None:
    counting = SimpleNamespace(read=lambda: CounterReading(12.5, "package-0", "RAPL", 61e-6, Kind.MEASURED))
    here = replace(hardware(), counter=cast(Any, counting))
    assert counter_of(here) == CounterFinding("package-0", "RAPL", 12.5, 61e-6)
    silent = replace(here, counter=cast(Any, SimpleNamespace(read=lambda: None)))
    assert counter_of(silent) == CounterFinding(None, None, None, None)
    assert counter_of(replace(here, counter=None)) is None


def test_what_is_missing_and_shown_with_the_clocks_is_not_shown_twice() -> None:
    here = find_hardware(DictTree({}))
    assert {"board profile", "cpu clock"} <= {each.what for each in here.missing} & set(SHOWN_ELSEWHERE)
    assert all(isinstance(each, Missing) for each in here.missing)
