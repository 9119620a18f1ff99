"""The memory clock, behind the files of Nano, TX2 to Orin."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import BehaviouralTree, Debugfs, Quirks, behavioural_board
from runtime.boards.behaviour.emc import BPMP, OVERRIDE, EmcClock, bpmp_nodes, override_nodes
from runtime.boards.behaviour.heat import Heat
from runtime.boards.behaviour.node import File, Nodes, always
from runtime.boards.behaviour.truth import Truth
from runtime.boards.simulated_dynamics import ThermalParameters
from runtime.boards.simulated_time import SimulatedTime

from .orin_paths import EMC, EMC_CAP, ORIN
from .test_truth import OneWattPer100Mhz

SETTLED_S = 0.1


@pytest.fixture
def tree() -> BehaviouralTree:
    return behavioural_board(ORIN)


def rate_hz(tree: BehaviouralTree) -> int:
    return int(tree.read(f"{EMC}/rate"))


def lock(tree: BehaviouralTree, hz: int) -> None:
    tree.write(f"{EMC}/mrq_rate_locked", "1")
    tree.write(f"{EMC}/state", "1")
    tree.write(f"{EMC}/rate", str(hz))


def test_the_stock_governor_never_moves(tree: BehaviouralTree) -> None:
    assert rate_hz(tree) == 2_133_000_000
    tree.nvpmodel("25W")
    assert rate_hz(tree) == 3_199_000_000


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (1, 204_000_000),
        (408_000_000, 665_600_000),
        (1_062_400_000, 2_133_000_000),
        (2_400_000_000, 3_199_000_000),
        (9_999_000_000, 3_199_000_000),
    ],
)
def test_a_rate_is_rounded_up_to_a_table_entry(tree: BehaviouralTree, asked: int, held: int) -> None:
    lock(tree, asked)
    tree.time.sleep(SETTLED_S)
    assert (rate_hz(tree), tree.truth().emc_hz) == (held, held)


def test_a_rate_without_the_lock_does_not_hold(tree: BehaviouralTree) -> None:
    tree.write(f"{EMC}/rate", "204000000")
    assert rate_hz(tree) == 2_133_000_000


def test_unlocking_gives_the_clock_back(tree: BehaviouralTree) -> None:
    lock(tree, 204_000_000)
    tree.write(f"{EMC}/mrq_rate_locked", "0")
    assert rate_hz(tree) == 2_133_000_000


def test_locking_holds_what_is_there(tree: BehaviouralTree) -> None:
    tree.write(f"{EMC}/mrq_rate_locked", "1")
    assert rate_hz(tree) == 2_133_000_000
    assert tree.read(f"{EMC}/mrq_rate_locked") == b"1\n"


def test_the_cap_holds_against_the_lock_and_is_lifted_by_minus_one(tree: BehaviouralTree) -> None:
    lock(tree, 3_199_000_000)
    tree.write(EMC_CAP, "2133000000")
    assert (rate_hz(tree), int(tree.read(f"{EMC}/max_rate"))) == (2_133_000_000, 2_133_000_000)
    assert tree.read(EMC_CAP) == b"2133000000\n"
    tree.write(EMC_CAP, "-1")
    assert rate_hz(tree) == 3_199_000_000
    assert tree.read(EMC_CAP) == b"-1\n"


def test_a_cap_below_the_table_leaves_the_slowest_entry(tree: BehaviouralTree) -> None:
    tree.write(EMC_CAP, "1")
    assert rate_hz(tree) == 204_000_000


@pytest.mark.parametrize(("name", "text"), [("mrq_rate_locked", "2"), ("state", "on"), ("rate", "0")])
def test_what_makes_no_sense_is_refused(tree: BehaviouralTree, name: str, text: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        tree.write(f"{EMC}/{name}", text)


def test_every_access_costs_a_message_and_a_switch_nine_milliseconds(tree: BehaviouralTree) -> None:
    began_s = tree.time.now_s()
    rate_hz(tree)
    assert tree.time.now_s() - began_s == pytest.approx(0.7e-3)
    tree.write(f"{EMC}/mrq_rate_locked", "1")
    assert tree.time.now_s() - began_s == pytest.approx(1.4e-3)
    tree.write(f"{EMC}/rate", "204000000")
    assert tree.time.now_s() - began_s == pytest.approx(10.4e-3)


def test_only_root_comes_near(tree: BehaviouralTree) -> None:
    tree.uid = 1000
    with pytest.raises(PermissionError):
        tree.names("/sys/kernel/debug")
    with pytest.raises(PermissionError):
        rate_hz(tree)


def test_an_unmounted_debugfs_is_empty_and_an_absent_one_is_not_there() -> None:
    unmounted, absent = (
        behavioural_board(ORIN, quirks=Quirks(debugfs=state)) for state in (Debugfs.UNMOUNTED, Debugfs.ABSENT)
    )
    assert unmounted.names("/sys/kernel/debug") == ()
    for tree in (unmounted, absent):
        with pytest.raises(FileNotFoundError):
            rate_hz(tree)
    with pytest.raises(FileNotFoundError):
        absent.names("/sys/kernel/debug")


def test_the_table_is_listed_where_the_release_lists_it(tree: BehaviouralTree) -> None:
    assert tree.read(f"{EMC}/dvfs_table").split() == [b"204000000", b"665600000", b"2133000000", b"3199000000"]
    clock = emc_clock()
    assert f"{BPMP}/emc/possible_rates" in bpmp_nodes(clock, table="possible_rates", mounted=always)
    assert f"{BPMP}/emc/tables/regular/204000" in bpmp_nodes(clock, table="regular", mounted=always)


def emc_clock() -> EmcClock:
    heat = Heat(ThermalParameters(1.0, 1.0, 99.0, 96.0, 1.0), 25.0)
    truth = Truth(SimulatedTime().now_s, OneWattPer100Mhz(), heat)
    return EmcClock((204_000_000, 800_000_000, 1_600_000_000), truth, write_s=0.0, settle_s=0.0, access_s=0.0)


def put(nodes: Nodes, path: str, text: str) -> None:
    node = nodes[path]
    assert isinstance(node, File)
    assert node.write is not None
    node.write(text)


def test_on_the_nano_a_rate_is_written_first_and_takes_hold_with_the_override() -> None:
    clock = emc_clock()
    nodes = override_nodes(clock, always)
    put(nodes, f"{OVERRIDE}/clk_update_rate", "600000000")
    assert clock.cur_hz == 1_600_000_000
    put(nodes, f"{OVERRIDE}/clk_state", "1")
    assert clock.cur_hz == 800_000_000
    put(nodes, f"{OVERRIDE}/clk_update_rate", "204000000")
    assert clock.cur_hz == 204_000_000
    put(nodes, f"{OVERRIDE}/clk_state", "0")
    assert clock.cur_hz == 1_600_000_000


def test_the_nanos_files_say_so() -> None:
    clock = emc_clock()
    nodes = override_nodes(clock, always)
    shown = {
        path.rpartition("/")[2]: node.read() for path, node in nodes.items() if isinstance(node, File) and node.read
    }
    assert shown == {
        "emc_min_rate": "204000000\n",
        "emc_max_rate": "1600000000\n",
        "clk_rate": "1600000000\n",
        "clk_update_rate": "1600000000\n",
        "clk_state": "0\n",
    }
