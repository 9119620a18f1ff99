"""The GPU's clock as devfreq shows it."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.boards.profile import profile

from .orin_paths import GPU, ORIN, RAILGATE, WORK

TABLE_HZ = profile(ORIN).gpu.hz
SETTLED_S = 0.1
OTHER = "15340000.vic"


def held_on(quirks: Quirks | None = None) -> BehaviouralTree:
    tree = behavioural_board(ORIN, quirks=quirks)
    tree.write(RAILGATE, "0")
    tree.time.sleep(SETTLED_S)
    return tree


def value(tree: BehaviouralTree, name: str) -> int:
    return int(tree.read(f"{GPU}/{name}"))


def pin(tree: BehaviouralTree, hz: int) -> None:
    tree.write(f"{GPU}/max_freq", str(hz))
    tree.write(f"{GPU}/min_freq", str(hz))


def test_the_class_node_the_bus_node_and_the_alias_are_one_device() -> None:
    tree = held_on()
    pin(tree, TABLE_HZ[2])
    for path in (GPU, f"{GPU}/device/devfreq/17000000.gpu", "/sys/devices/platform/17000000.gpu/devfreq/17000000.gpu"):
        assert tree.read(f"{path}/cur_freq") == b"510000000\n"


def test_the_device_tree_name_ends_in_nul() -> None:
    assert held_on().read(f"{GPU}/device/of_node/name") == b"gpu\0"


def test_a_stock_governor_follows_the_load_between_the_limits() -> None:
    tree = held_on()
    assert tree.truth().gpu_hz == TABLE_HZ[0]
    with tree.running(WORK):
        tree.time.sleep(SETTLED_S)
        assert tree.truth().gpu_hz == TABLE_HZ[-1]
    tree.time.sleep(SETTLED_S)
    assert tree.truth().gpu_hz == TABLE_HZ[0]


def test_a_pinned_clock_stays_under_load_and_without() -> None:
    tree = held_on()
    pin(tree, TABLE_HZ[3])
    tree.time.sleep(SETTLED_S)
    assert tree.truth().gpu_hz == TABLE_HZ[3]
    with tree.running(WORK):
        tree.time.sleep(SETTLED_S)
        assert tree.truth().gpu_hz == TABLE_HZ[3]


@pytest.mark.parametrize(("asked", "held"), [(640_000_000, 612_000_000), (100, 306_000_000), (2**40, 1_020_000_000)])
def test_a_frequency_between_table_entries_is_rounded_down(asked: int, held: int) -> None:
    tree = held_on()
    pin(tree, asked)
    assert (value(tree, "max_freq"), value(tree, "min_freq"), value(tree, "cur_freq")) == (held, held, held)


def test_limits_may_read_back_as_they_were_written() -> None:
    tree = held_on(Quirks(snapped_limits=False))
    pin(tree, 640_000_000)
    assert (value(tree, "max_freq"), value(tree, "cur_freq")) == (640_000_000, 612_000_000)


def test_zero_is_the_end_of_the_table() -> None:
    tree = held_on()
    pin(tree, TABLE_HZ[3])
    tree.write(f"{GPU}/max_freq", "0")
    tree.write(f"{GPU}/min_freq", "0")
    assert (value(tree, "min_freq"), value(tree, "max_freq")) == (TABLE_HZ[0], TABLE_HZ[-1])


def test_an_old_kernel_refuses_a_lower_limit_above_the_upper_one() -> None:
    tree = held_on(Quirks(strict_limits=True))
    tree.write(f"{GPU}/max_freq", str(TABLE_HZ[2]))
    with pytest.raises(OSError, match="Invalid argument"):
        tree.write(f"{GPU}/min_freq", str(TABLE_HZ[3]))
    assert value(tree, "min_freq") == TABLE_HZ[0]


def test_a_new_kernel_takes_it_and_shows_it_with_the_second_write() -> None:
    tree = held_on(Quirks(strict_limits=False))
    tree.write(f"{GPU}/max_freq", str(TABLE_HZ[2]))
    tree.write(f"{GPU}/min_freq", str(TABLE_HZ[3]))
    assert value(tree, "min_freq") == TABLE_HZ[2]
    tree.write(f"{GPU}/max_freq", str(TABLE_HZ[3]))
    assert value(tree, "min_freq") == TABLE_HZ[3]


def test_a_write_that_switches_blocks_and_the_workload_sees_it_a_little_later() -> None:
    tree = held_on()
    began_s = tree.time.now_s()
    tree.write(f"{GPU}/min_freq", str(TABLE_HZ[-1]))
    assert tree.time.now_s() - began_s == pytest.approx(5.0e-3)
    assert value(tree, "cur_freq") == TABLE_HZ[-1]
    assert tree.truth().gpu_hz == TABLE_HZ[0]
    tree.time.sleep(0.3e-3)
    assert tree.truth().gpu_hz == TABLE_HZ[-1]


def test_a_write_that_changes_no_clock_returns_at_once() -> None:
    tree = held_on()
    began_s = tree.time.now_s()
    tree.write(f"{GPU}/max_freq", str(TABLE_HZ[3]))
    assert tree.time.now_s() == began_s


@pytest.mark.parametrize("text", ["fast", "", "-5"])
def test_what_is_no_frequency_is_refused(text: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        held_on().write(f"{GPU}/max_freq", text)


def test_set_freq_is_there_under_the_userspace_governor_only() -> None:
    tree = held_on()
    with pytest.raises(FileNotFoundError):
        tree.write(f"{GPU}/userspace/set_freq", "612000000")
    tree.write(f"{GPU}/governor", "userspace")
    assert tree.read(f"{GPU}/userspace/set_freq") == b"undefined\n"
    assert value(tree, "cur_freq") == TABLE_HZ[0]
    tree.write(f"{GPU}/userspace/set_freq", "700000000")
    assert tree.read(f"{GPU}/userspace/set_freq") == b"700000000\n"
    assert value(tree, "cur_freq") == 612_000_000


def test_set_freq_is_held_within_the_limits_without_a_word() -> None:
    tree = held_on()
    tree.write(f"{GPU}/governor", "userspace")
    tree.write(f"{GPU}/max_freq", str(TABLE_HZ[1]))
    tree.write(f"{GPU}/userspace/set_freq", str(TABLE_HZ[-1]))
    assert value(tree, "cur_freq") == TABLE_HZ[1]


def test_the_performance_governor_runs_at_the_upper_limit() -> None:
    tree = held_on()
    tree.write(f"{GPU}/governor", "performance")
    assert value(tree, "cur_freq") == TABLE_HZ[-1]
    assert tree.read(f"{GPU}/governor") == b"performance\n"


def test_an_unknown_governor_is_refused() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        held_on().write(f"{GPU}/governor", "turbo")


def test_an_idle_gpu_goes_off_and_reads_zero() -> None:
    tree = behavioural_board(ORIN)
    assert (value(tree, "cur_freq"), tree.truth().gpu_hz) == (0, 0)
    with tree.running(WORK):
        tree.time.sleep(SETTLED_S)
        assert tree.read(f"{GPU}/device/power/runtime_status") == b"active\n"
        assert tree.read(f"{GPU}/device/load") == b"1000\n"
        assert value(tree, "cur_freq") == TABLE_HZ[-1]
    assert value(tree, "cur_freq") == TABLE_HZ[0]
    tree.time.sleep(1.0)
    assert (value(tree, "cur_freq"), tree.truth().gpu_hz) == (0, 0)
    assert tree.read(f"{GPU}/device/power/runtime_status") == b"suspended\n"


def test_work_that_comes_back_in_time_keeps_the_gpu_on() -> None:
    tree = behavioural_board(ORIN)
    for _ in range(5):
        with tree.running(WORK):
            tree.time.sleep(0.2)
        tree.time.sleep(0.4)
        assert value(tree, "cur_freq") == TABLE_HZ[0]


@pytest.mark.parametrize(("name", "on", "off"), [("railgate_enable", "0", "1"), ("power/control", "on", "auto")])
def test_a_gpu_may_be_kept_on(name: str, on: str, off: str) -> None:
    tree = behavioural_board(ORIN)
    tree.write(f"{GPU}/device/{name}", on)
    tree.time.sleep(10.0)
    assert value(tree, "cur_freq") == TABLE_HZ[0]
    assert tree.read(f"{GPU}/device/{name}").decode().strip() == on
    tree.write(f"{GPU}/device/{name}", off)
    tree.time.sleep(10.0)
    assert value(tree, "cur_freq") == 0


def test_power_control_takes_on_and_auto() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        behavioural_board(ORIN).write(f"{GPU}/device/power/control", "off")


def test_a_gpu_that_never_goes_off_may_be_had() -> None:
    assert value(behavioural_board(ORIN, quirks=Quirks(gpu_railgates=False)), "cur_freq") == TABLE_HZ[0]


def test_the_node_may_be_missing_until_the_gpu_had_power_once() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(gpu_missing_until_powered=True))
    assert tree.names("/sys/class/devfreq") == (OTHER,)
    with pytest.raises(FileNotFoundError):
        tree.read(f"{GPU}/cur_freq")
    tree.write(RAILGATE, "0")
    assert tree.names("/sys/class/devfreq") == (OTHER, "17000000.gpu")
    tree.write(RAILGATE, "1")
    tree.time.sleep(10.0)
    assert value(tree, "cur_freq") == 0


def test_a_video_engine_is_a_devfreq_device_too_and_tells_itself_apart() -> None:
    tree = behavioural_board(ORIN)
    assert tree.read(f"/sys/class/devfreq/{OTHER}/device/of_node/name") == b"vic\0"
    assert tree.read(f"/sys/class/devfreq/{OTHER}/cur_freq") == b"0\n"
    assert behavioural_board("thor").names("/sys/class/devfreq") == ("bwmgr", "gpu-gpc-0", "gpu-nvd-0")
