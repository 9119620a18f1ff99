"""Temperatures, cooling, overcurrent."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import BehaviouralTree, behavioural_board
from runtime.boards.profile import profile

from .orin_paths import GPU, ORIN, POLICY, RAILGATE, WORK

ZONES = "/sys/class/thermal"
TABLE_HZ = profile(ORIN).gpu.hz


@pytest.fixture
def tree() -> BehaviouralTree:
    made = behavioural_board(ORIN)
    made.write(RAILGATE, "0")
    return made


def zone(tree: BehaviouralTree, type_: str) -> str:
    found = [name for name in tree.names(ZONES) if name.startswith("thermal_zone")]
    return next(f"{ZONES}/{name}" for name in found if tree.read(f"{ZONES}/{name}/type").decode().strip() == type_)


def test_zones_speak_of_millidegrees(tree: BehaviouralTree) -> None:
    tree.hold_temperature(51.234)
    assert tree.read(f"{zone(tree, 'tj-thermal')}/temp") == b"51234\n"
    assert tree.read(f"{zone(tree, 'tj-thermal')}/trip_point_0_temp") == b"99000\n"


def test_zones_of_units_without_power_ask_to_try_again(tree: BehaviouralTree) -> None:
    with pytest.raises(BlockingIOError):
        tree.read(f"{zone(tree, 'cv0-thermal')}/temp")
    assert tree.read(f"{zone(tree, 'gpu-thermal')}/temp")
    tree.write(RAILGATE, "1")
    tree.time.sleep(10.0)
    with pytest.raises(BlockingIOError):
        tree.read(f"{zone(tree, 'gpu-thermal')}/temp")


def test_a_constant_says_nothing_about_the_chip() -> None:
    old = behavioural_board("tx2")
    old.hold_temperature(55.0)
    assert old.read(f"{zone(old, 'PMIC-Die')}/temp") == b"100000\n"


def test_work_warms_the_board(tree: BehaviouralTree) -> None:
    before = int(tree.read(f"{zone(tree, 'tj-thermal')}/temp"))
    with tree.running(WORK):
        tree.time.sleep(600.0)
        assert int(tree.read(f"{zone(tree, 'tj-thermal')}/temp")) > before + 10_000


def states(tree: BehaviouralTree) -> dict[str, int]:
    devices = [f"{ZONES}/{name}" for name in tree.names(ZONES) if name.startswith("cooling_device")]
    return {tree.read(f"{path}/type").decode().strip(): int(tree.read(f"{path}/cur_state")) for path in devices}


def test_too_hot_a_chip_is_stepped_down_and_up_again_and_says_so(tree: BehaviouralTree) -> None:
    tree.jetson_clocks()
    tree.hold_temperature(105.0)
    tree.time.sleep(3.5)
    assert tree.truth().gpu_hz == TABLE_HZ[-4]
    assert int(tree.read(f"{GPU}/max_freq")) == int(tree.read(f"{GPU}/cur_freq")) == TABLE_HZ[-4]
    assert states(tree) == {"pwm-fan": 0, "devfreq-17000000.gpu": 3, "cpufreq-cpu0": 3, "cpufreq-cpu4": 3}
    assert int(tree.read(f"{POLICY}/scaling_max_freq")) * 1000 == profile(ORIN).cpu.hz[-4]
    tree.hold_temperature(97.0)
    tree.time.sleep(10.0)
    assert tree.truth().gpu_hz == TABLE_HZ[-4]
    tree.hold_temperature(90.0)
    tree.time.sleep(10.0)
    assert tree.truth().gpu_hz == TABLE_HZ[-1]
    assert set(states(tree).values()) == {0}
    assert tree.machine.cooling.throttle_count == 3


def test_cooling_ends_at_the_end_of_the_table(tree: BehaviouralTree) -> None:
    tree.jetson_clocks()
    tree.hold_temperature(120.0)
    tree.time.sleep(60.0)
    assert tree.truth().gpu_hz == TABLE_HZ[0]
    assert tree.allowed() == ()


def test_a_boot_forgets_the_throttling(tree: BehaviouralTree) -> None:
    tree.hold_temperature(105.0)
    tree.time.sleep(5.0)
    tree.hold_temperature(None)
    tree.boot()
    tree.time.sleep(5.0)
    assert set(states(tree).values()) == {0}
    assert int(tree.read(f"{GPU}/max_freq")) == TABLE_HZ[-1]


def counters(tree: BehaviouralTree) -> list[int]:
    nodes = [f"/sys/class/hwmon/{name}" for name in tree.names("/sys/class/hwmon")]
    node = next(node for node in nodes if tree.read(f"{node}/name") == b"soctherm_oc\n")
    return [int(tree.read(f"{node}/oc{at}_event_cnt")) for at in (1, 2, 3)]


def test_overcurrent_slows_the_cores_behind_the_drivers_backs_and_is_counted(tree: BehaviouralTree) -> None:
    tree.jetson_clocks()
    tree.time.sleep(1.0)
    tree.uid = 1000
    tree.overcurrent(channel=2, for_s=0.1)
    assert int(tree.read(f"{GPU}/cur_freq")) == TABLE_HZ[-1]
    assert tree.truth().gpu_hz == TABLE_HZ[-1] // 2
    assert counters(tree) == [0, 1, 0]
    tree.time.sleep(0.2)
    assert tree.truth().gpu_hz == TABLE_HZ[-1]


def test_events_that_overlap_end_with_the_last(tree: BehaviouralTree) -> None:
    tree.jetson_clocks()
    tree.time.sleep(1.0)
    tree.overcurrent(for_s=0.1)
    tree.time.sleep(0.05)
    tree.overcurrent(for_s=0.1)
    tree.time.sleep(0.07)
    assert tree.truth().gpu_hz == TABLE_HZ[-1] // 2
    tree.time.sleep(0.05)
    assert tree.truth().gpu_hz == TABLE_HZ[-1]
