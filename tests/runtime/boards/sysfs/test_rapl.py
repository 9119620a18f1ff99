"""RAPL: joules of packages, turns undone, and None where nothing can be read."""

from __future__ import annotations

import errno
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.missing import Missing
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.rapl import RaplCounter, find_rapl
from tests.runtime.boards.sysfs.sensor_trees import RAPL, FileTree, rapl

ENERGY, RANGE = f"{RAPL}/intel-rapl:0/energy_uj", f"{RAPL}/intel-rapl:0/max_energy_range_uj"
RANGE_J = 262143.328850


def counter_on(tree: FileTree, time: SimulatedTime) -> RaplCounter:
    found = find_rapl(tree, now_s=time.now_s)
    assert isinstance(found, RaplCounter)
    return found


def test_packages_and_memory_are_added_and_what_a_package_contains_is_not_counted_again() -> None:
    tree, time = FileTree(rapl(packages=2, dram=True)), SimulatedTime()
    counter = counter_on(tree, time)
    assert counter.scope == "package-0 + dram-0 + package-1 + dram-1"
    time.sleep(1.0)
    tree.files |= rapl(7_000_000, packages=2, dram=True)
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == pytest.approx(4 * 2.0)
    assert reading.scope == counter.scope


def test_a_turn_of_the_counter_is_undone() -> None:
    tree, time = FileTree(rapl(262_143_000_000)), SimulatedTime()
    counter = counter_on(tree, time)
    time.sleep(1.0)
    tree.files[ENERGY] = "1000000\n"
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == pytest.approx(1.0 + 0.328850)


def test_a_range_that_cannot_be_read_is_that_of_32_bits_of_microjoules() -> None:
    tree, time = FileTree(rapl(4_294_000_000)), SimulatedTime()
    del tree.files[RANGE]
    counter = counter_on(tree, time)
    time.sleep(1.0)
    tree.files[ENERGY] = "0\n"
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == pytest.approx(0.967296)


def test_a_counter_that_began_anew_has_lost_what_it_might_have_counted() -> None:
    """After a sleep of the machine it starts at 0: taken for a turn, that would be 162 kJ in a second."""
    tree, time = FileTree(rapl(100_000_000_000)), SimulatedTime()
    counter = counter_on(tree, time)
    time.sleep(1.0)
    tree.files[ENERGY] = "5000000\n"
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == 0.0
    assert reading.quantum_j > 100_000.0


def test_after_so_long_a_silence_that_a_turn_may_be_lost_the_reading_says_so() -> None:
    tree, time = FileTree(rapl()), SimulatedTime()
    counter = counter_on(tree, time)
    time.sleep(RANGE_J / 600.0)
    reading = counter.read()
    assert reading is not None
    assert reading.quantum_j > RANGE_J
    time.sleep(1.0)
    reading = counter.read()
    assert reading is not None
    assert reading.quantum_j < 1.0


def test_a_step_is_what_is_drawn_between_two_refreshes() -> None:
    tree, time = FileTree(rapl(0)), SimulatedTime()
    counter = counter_on(tree, time)
    time.sleep(2.0)
    tree.files[ENERGY] = "200000000\n"  # 100 W
    reading = counter.read()
    assert reading is not None
    assert reading.quantum_j == pytest.approx(0.1)


def test_what_only_root_may_read_is_missing_and_the_reason_says_what_to_do() -> None:
    tree = FileTree(rapl())
    tree.files[ENERGY] = errno.EACCES
    found = find_rapl(tree)
    assert isinstance(found, Missing)
    assert found.what == "energy counter"
    assert "RAPL (package-0) cannot be read: permission denied: needs root" in found.why
    assert "run as root, or let the user read it: chmod o+r" in found.to_do


def test_a_file_without_a_number_is_missing_too() -> None:
    found = find_rapl(FileTree(rapl("nonsense")))
    assert isinstance(found, Missing)
    assert "holds no number: 'nonsense'" in found.why


def test_a_counter_that_cannot_be_read_later_is_none() -> None:
    tree, time = FileTree(rapl()), SimulatedTime()
    counter = counter_on(tree, time)
    tree.files[ENERGY] = errno.EIO
    assert counter.read() is None


def test_a_machine_without_packages_has_no_counter() -> None:
    assert find_rapl(FileTree({})) is None
    tree = FileTree(rapl())
    tree.files[f"{RAPL}/intel-rapl:0/name"] = "psys\n"
    assert find_rapl(tree) is None


@given(st.lists(st.tuples(st.floats(0.01, 60.0), st.floats(0.0, 500.0)), max_size=30), st.floats(0.0, 262_000.0))
def test_the_counter_never_runs_backwards_and_adds_up_what_was_drawn(
    stretches: list[tuple[float, float]], start_j: float
) -> None:
    tree, time = FileTree(rapl(round(start_j * 1e6))), SimulatedTime()
    counter = counter_on(tree, time)
    drawn_j = before_j = 0.0
    for seconds, watts in stretches:
        time.sleep(seconds)
        drawn_j += seconds * watts
        tree.files[ENERGY] = f"{round(((start_j + drawn_j) % RANGE_J) * 1e6)}\n"
        reading = counter.read()
        assert reading is not None
        assert reading.energy_j >= before_j
        before_j = reading.energy_j
    assert before_j == pytest.approx(drawn_j, abs=1e-3)


def test_two_threads_that_read_at_once_count_nothing_twice() -> None:
    tree, time = FileTree(rapl(0)), SimulatedTime()
    counter = counter_on(tree, time)
    time.sleep(1.0)
    tree.files[ENERGY] = "50000000\n"
    threads = [threading.Thread(target=counter.read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == pytest.approx(50.0)
