"""The GPU's clock: found by what it is, pinned by its limits, read with a grain of salt."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.boards.sysfs.clock_domain import NotHeld
from runtime.boards.sysfs.devfreq import DEVFREQ, GpuClock, gpu_device, gpu_node
from runtime.boards.sysfs.write_log import WriteLog

from .board_trees import GPU, GPU_HZ, RAILGATE, MemoryTree, gpu, no_wait, old_kernel, tree_with

SLOW, MIDDLE, FAST = GPU_HZ
STATUS = f"{GPU}/device/power/runtime_status"


def clock_over(tree: MemoryTree) -> GpuClock:
    return GpuClock(WriteLog(tree), sleep=no_wait)


@pytest.mark.parametrize(
    ("files", "node"),
    [
        ({"13e40000.host1x/device/of_node/name": "host1x\0", "x/device/of_node/name": "gv11b\0"}, "x"),
        ({"17000000.gp10b/cur_freq": "1"}, "17000000.gp10b"),
        ({"bwmgr/cur_freq": "1", "gpu-nvd-0/cur_freq": "1", "gpu-gpc-0/cur_freq": "1"}, "gpu-gpc-0"),
        ({"bwmgr/cur_freq": "1"}, None),
    ],
)
def test_the_gpu_is_found_by_its_name_in_the_device_tree(
    tmp_path: Path, files: dict[str, str], node: str | None
) -> None:
    tree = tree_with(tmp_path, {f"{DEVFREQ}/{path}": text for path, text in files.items()})
    assert gpu_node(tree) == (None if node is None else f"{DEVFREQ}/{node}")


def test_a_machine_without_devfreq_has_no_gpu_clock(tmp_path: Path) -> None:
    clock = GpuClock(WriteLog(tree_with(tmp_path, {"/sys/devices/pci0000": ""})), no_wait)
    assert not clock.present()
    assert clock.table_hz() == clock.offered_hz() == clock.snapshot_values() == ()
    assert clock.limits_hz() is clock.current_hz() is clock.held_hz() is None
    assert clock.why_not_settable() == "the kernel offers no GPU clock (no devfreq node of a GPU)"


def test_a_gpu_without_power_since_boot_is_there_but_has_no_clock_yet() -> None:
    tree = MemoryTree({RAILGATE: "1", "/sys/devices/platform/bus@0/17000000.gpu/load": "0"})
    assert gpu_device(tree) == "/sys/devices/platform/gpu.0"
    clock = clock_over(tree)
    assert clock.present()
    assert "has had no power since boot" in (clock.why_not_settable() or "")
    tree.files |= gpu()
    assert clock.why_not_settable() is None
    assert clock.table_hz() == GPU_HZ


def test_a_node_without_a_table_cannot_be_set() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/available_frequencies": "\n"})
    clock = clock_over(tree)
    assert clock.why_not_settable() == "the GPU's devfreq node lists no available_frequencies"
    assert clock.held_hz() == FAST  # the limit as it stands
    assert clock.offered_hz() == ()


def test_the_cap_of_the_power_mode_is_the_limit_that_was_found() -> None:
    tree = old_kernel({**gpu(), f"{GPU}/max_freq": "640000000"})
    clock = clock_over(tree)
    assert clock.offered_hz() == (SLOW, MIDDLE)
    assert clock.held_hz() == MIDDLE
    clock.set(SLOW)
    assert clock.offered_hz() == (SLOW, MIDDLE)  # its own limit is no cap


def test_a_cap_that_cannot_be_read_is_none() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/max_freq": "?"})
    assert clock_over(tree).offered_hz() == GPU_HZ
    assert clock_over(tree).held_hz() is None  # cur_freq is 0: a GPU without power


def test_setting_pins_both_limits_with_power_gating_off() -> None:
    tree = old_kernel(gpu())
    clock = clock_over(tree)
    clock.set(MIDDLE)
    assert clock.limits_hz() == (MIDDLE, MIDDLE)
    assert tree.writes == [(RAILGATE, "0"), (f"{GPU}/max_freq", str(MIDDLE)), (f"{GPU}/min_freq", str(MIDDLE))]
    clock.set(SLOW)
    assert tree.writes[3:] == [(f"{GPU}/min_freq", str(SLOW)), (f"{GPU}/max_freq", str(SLOW))]


def test_a_board_without_power_gating_is_pinned_all_the_same() -> None:
    tree = old_kernel({path: text for path, text in gpu().items() if path != RAILGATE})
    clock_over(tree).set(MIDDLE)
    assert len(tree.writes) == 2


def test_a_frequency_outside_the_table_is_never_written() -> None:
    tree = old_kernel(gpu())
    with pytest.raises(NotHeld, match="the GPU's table has no 700000000 Hz"):
        clock_over(tree).set(700_000_000)
    assert tree.writes == []


def test_limits_that_read_back_otherwise_are_told() -> None:
    tree = MemoryTree(gpu(), lambda path, text: str(SLOW) if path.endswith("max_freq") else text)
    with pytest.raises(NotHeld, match=r"GPU limits of 612000000 Hz read back as \(612000000, 306000000\)"):
        clock_over(tree).set(MIDDLE)


def test_a_frequency_close_by_is_the_one_that_was_set() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/cur_freq": "1016000000"})
    clock = clock_over(tree)
    clock.set(FAST)
    assert clock.current_hz() == 1_016_000_000


def test_a_gpu_that_follows_late_is_waited_for() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/cur_freq": str(SLOW)})
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if sum(waited) > 0.012:
            tree.files[f"{GPU}/cur_freq"] = str(FAST)

    GpuClock(WriteLog(tree), sleep).set(FAST)
    assert len(waited) == 3


def test_a_gpu_that_runs_at_another_frequency_does_not_hold_what_was_asked() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/cur_freq": str(SLOW), STATUS: "active"})
    with pytest.raises(NotHeld, match="the GPU runs at 306000000 Hz with both limits at 1020000000 Hz"):
        clock_over(tree).set(FAST)


def test_a_sleeping_gpu_shows_an_old_frequency_and_that_is_no_refusal() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/cur_freq": str(SLOW), STATUS: "suspended"})
    clock_over(tree).set(FAST)


def test_a_gpu_without_power_has_no_frequency_not_zero() -> None:
    assert clock_over(MemoryTree(gpu())).current_hz() is None


def test_a_snapshot_holds_governor_limits_and_power_gating() -> None:
    clock = clock_over(MemoryTree(gpu()))
    assert [path.rpartition("/")[2] for path, _ in clock.snapshot_values()] == [
        "governor", "min_freq", "max_freq", "railgate_enable",
    ]  # fmt: skip


def test_a_governor_that_holds_a_fixed_frequency_is_recorded_with_it() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/governor": "userspace", f"{GPU}/userspace/set_freq": str(MIDDLE)})
    assert (f"{GPU}/userspace/set_freq", str(MIDDLE)) in clock_over(tree).snapshot_values()


def test_a_fixed_frequency_that_was_never_set_is_not_recorded() -> None:
    tree = MemoryTree({**gpu(), f"{GPU}/governor": "userspace", f"{GPU}/userspace/set_freq": "undefined"})
    assert f"{GPU}/userspace/set_freq" not in dict(clock_over(tree).snapshot_values())
