"""A whole board, booted."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.boards.behaviour.layout import Cluster
from runtime.boards.behaviour.layouts import LAYOUTS, layout_of
from runtime.boards.behaviour.physics import BoardModelPhysics
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_time import SimulatedTime

from .orin_paths import EMC, GPU, ORIN, POLICY, RAILGATE, WORK

BOARDS = [name for name in LAYOUTS if name in known_boards()]


def files(tree: BehaviouralTree, folder: str, depth: int = 9) -> list[str]:
    """Every file below a folder, links not followed twice."""
    if folder.endswith("/device") or depth == 0:
        return []
    try:
        names = tree.names(folder)
    except NotADirectoryError:
        return [folder]
    return [file for name in names for file in files(tree, f"{folder}/{name}", depth - 1)]


def answers(tree: BehaviouralTree, path: str) -> bool:
    try:
        return bool(tree.read(path))
    except BlockingIOError:
        return False


@pytest.mark.parametrize("name", BOARDS)
def test_every_file_of_every_board_reads_or_says_why_not(name: str) -> None:
    tree = behavioural_board(name, quirks=Quirks(has_battery=True))
    found = files(tree, "/sys") + files(tree, "/proc") + files(tree, "/etc")
    silent = [path for path in found if not answers(tree, path)]
    assert len(found) > 100
    assert all("/thermal_zone" in path for path in silent)


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_comes_up_idle_in_its_default_mode_and_works_at_that_modes_clocks(name: str) -> None:
    tree = behavioural_board(name)
    assert tree.allowed() == ()
    with tree.running(WORK):
        tree.time.sleep(0.1)
        assert tree.truth() == profile(name).default_point("gpu")


def test_a_boot_forgets_what_was_written() -> None:
    tree = behavioural_board(ORIN)
    found = tree.truth()
    tree.write(RAILGATE, "0")
    tree.write(f"{GPU}/max_freq", "306000000")
    tree.write(f"{POLICY}/scaling_governor", "performance")
    tree.write(f"{EMC}/mrq_rate_locked", "1")
    tree.write(f"{EMC}/rate", "204000000")
    tree.boot()
    assert tree.truth() == found
    assert tree.read(RAILGATE) == b"1\n"
    assert tree.read(f"{GPU}/max_freq") == b"1020000000\n"
    assert tree.read(f"{POLICY}/scaling_governor") == b"schedutil\n"
    assert tree.read(f"{EMC}/mrq_rate_locked") == b"0\n"


def hwmon_numbers(tree: BehaviouralTree) -> dict[str, str]:
    return {name: tree.read(f"/sys/class/hwmon/{name}/name").decode() for name in tree.names("/sys/class/hwmon")}


def test_hwmon_devices_get_other_numbers_at_the_next_boot() -> None:
    tree = behavioural_board(ORIN)
    before = hwmon_numbers(tree)
    chip = f"/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/{tree.names('/sys/bus/i2c/drivers/ina3221/1-0040/hwmon')[0]}"
    tree.boot()
    after = hwmon_numbers(tree)
    assert set(before.values()) == set(after.values()) == {"ina3221\n", "soctherm_oc\n", "pwmfan\n"}
    assert all(before[name] != after[name] for name in before)
    with pytest.raises(FileNotFoundError):
        tree.read(f"{chip}/in1_input")


def test_work_on_the_cpu_leaves_the_gpu_off() -> None:
    tree = behavioural_board(ORIN, device="cpu")
    with tree.running(WORK):
        tree.time.sleep(1.0)
        point = tree.truth()
    assert (point.gpu_hz, point.cpu_hz) == (0, profile(ORIN).cpu.hz[-1])


@pytest.mark.parametrize(("name", "refuses"), [("nano", True), ("tx2", True), ("agx-xavier", False), ("thor", False)])
def test_limits_that_cross_are_refused_by_kernel_4_9_and_by_no_younger_one(name: str, refuses: bool) -> None:
    tree = behavioural_board(name)
    gpu = next(
        f"/sys/class/devfreq/{node}"
        for node in tree.names("/sys/class/devfreq")
        if node.startswith(("gpu-gpc", "5", "17"))
    )
    low, high = (str(hz) for hz in (profile(name).gpu.hz[0], profile(name).gpu.hz[-1]))
    tree.write(f"{gpu}/min_freq", low)
    tree.write(f"{gpu}/max_freq", low)
    with pytest.raises(OSError, match="Invalid argument") if refuses else nullcontext():
        tree.write(f"{gpu}/min_freq", high)
    assert tree.read(f"{gpu}/min_freq").decode().strip() == low


def test_younger_kernels_show_cpu_limits_rounded_to_the_table() -> None:
    tree = behavioural_board("thor")
    tree.write(f"{POLICY}/scaling_max_freq", "2000000")
    tree.write(f"{POLICY}/scaling_min_freq", "1100000")
    table_khz = [hz // 1000 for hz in profile("thor").cpu.hz]
    assert int(tree.read(f"{POLICY}/scaling_max_freq")) == max(khz for khz in table_khz if khz <= 2_000_000)
    assert int(tree.read(f"{POLICY}/scaling_min_freq")) == min(khz for khz in table_khz if khz >= 1_100_000)


def test_clusters_may_have_tables_of_their_own() -> None:
    board, layout, time = profile(ORIN), layout_of(ORIN), SimulatedTime()
    clusters = (Cluster((0, 1, 2, 3)), Cluster((4, 5), hz=board.cpu.hz[::2]))
    tree = BehaviouralTree(
        replace(layout, clusters=clusters), board, time=time, physics=BoardModelPhysics(SimulatedBoard(board))
    )
    for policy in ("policy0", "policy4"):
        tree.write(f"/sys/devices/system/cpu/cpufreq/{policy}/scaling_max_freq", str(board.cpu.hz[9] // 1000))
    with tree.running(WORK):
        time.sleep(0.1)
        assert tree.true_clocks_hz()["cpu0"] == board.cpu.hz[9]
        assert tree.true_clocks_hz()["cpu4"] == board.cpu.hz[8]
    assert tree.allowed() == ()
