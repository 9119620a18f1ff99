"""Signs that a board slows itself down."""

from __future__ import annotations

from runtime.boards.behaviour import behavioural_board
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.throttle import Cooling, ThrottleSigns, throttle_signs
from tests.runtime.boards.sysfs.sensor_trees import HWMON, THERMAL, FileTree


def cooling(number: int, kind: str, state: str) -> dict[str, str | int]:
    base = f"{THERMAL}/cooling_device{number}"
    return {f"{base}/type": f"{kind}\n", f"{base}/cur_state": f"{state}\n", f"{base}/max_state": "7\n"}


def test_a_device_above_state_0_slows_the_chip_and_a_fan_does_not() -> None:
    tree = FileTree(cooling(0, "pwm-fan", "3") | cooling(1, "devfreq-17000000.gpu", "2") | cooling(2, "cpufreq-0", "0"))
    signs = throttle_signs(tree)
    assert signs.cooling == (Cooling("devfreq-17000000.gpu", 2, 7), Cooling("cpufreq-0", 0, 7))
    assert signs.throttling_now is True
    assert signs.sentences() == ("devfreq-17000000.gpu is slowed to state 2 of 7",)


def test_a_surface_that_is_hot_to_the_touch_is_no_throttling() -> None:
    tree = FileTree(cooling(0, "hot-surface-alert", "1") | cooling(1, "gpu-throttle-alert", "0"))
    assert throttle_signs(tree).throttling_now is False


def test_a_device_not_in_use_or_without_a_state_says_nothing() -> None:
    tree = FileTree(cooling(0, "intel_powerclamp", "-1") | cooling(1, "Processor", "x") | {f"{THERMAL}/power/x": "0"})
    assert throttle_signs(tree).throttling_now is None


def test_no_sign_either_way_is_not_the_same_as_no_throttling() -> None:
    assert throttle_signs(FileTree({})).throttling_now is None
    assert throttle_signs(FileTree(cooling(0, "Processor", "0"))).throttling_now is False


def test_a_device_without_a_largest_state_is_named_all_the_same() -> None:
    assert ThrottleSigns((Cooling("cpu", 1, None),), ()).sentences() == ("cpu is slowed to state 1",)


def test_overcurrent_events_are_counted_since_boot() -> None:
    base = f"{HWMON}/hwmon3"
    tree = FileTree(
        {
            f"{base}/name": "soctherm_oc\n",
            f"{base}/oc1_event_cnt": "1\n",
            f"{base}/oc1_throt_en": "1\n",
            f"{base}/oc2_event_cnt": "0\n",
            f"{base}/oc3_event_cnt": "5\n",
            f"{HWMON}/hwmon0/name": "pwmfan\n",
        }
    )
    signs = throttle_signs(tree)
    assert signs.overcurrent_events == (("oc1", 1), ("oc2", 0), ("oc3", 5))
    assert signs.sentences() == (
        "overcurrent protection oc1 acted 1 time since boot",
        "overcurrent protection oc3 acted 5 times since boot",
    )


def test_two_looks_tell_what_happened_in_between() -> None:
    before = ThrottleSigns((Cooling("gpu", 1, 7), Cooling("cpu", 0, 7)), (("oc1", 1), ("oc2", 0)))
    after = ThrottleSigns((Cooling("gpu", 0, 7), Cooling("cpu", 0, 7)), (("oc1", 1), ("oc2", 2), ("oc3", 1)))
    assert after.since(before) == (
        "gpu was slowed",
        "overcurrent protection oc2 acted 2 times",
        "overcurrent protection oc3 acted 1 time",
    )


def test_a_modelled_board_that_is_too_hot_shows_it_and_so_does_its_overcurrent_protection() -> None:
    time = SimulatedTime()
    tree = behavioural_board("orin-nano-super", time=time)
    before = throttle_signs(tree)
    assert before.throttling_now is False
    assert before.sentences() == ()
    tree.hold_temperature(105.0)
    time.sleep(5.0)
    tree.overcurrent(channel=1)
    signs = throttle_signs(tree)
    assert signs.throttling_now is True
    assert any("overcurrent protection oc1" in sentence for sentence in signs.since(before))
