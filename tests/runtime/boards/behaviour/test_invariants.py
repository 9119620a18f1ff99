"""What must hold of the clocks."""

from __future__ import annotations

from runtime.boards.behaviour import behavioural_board
from runtime.contract.operating_point import OperatingPoint

from .orin_paths import EMC, GPU, ORIN, RAILGATE


def test_a_healthy_board_has_nothing_wrong_whatever_is_written() -> None:
    tree = behavioural_board(ORIN)
    tree.write(RAILGATE, "0")
    for text in ("640000000", "0", "1", "99999999999"):
        tree.write(f"{GPU}/min_freq", text)
        tree.write(f"{GPU}/max_freq", text)
    assert tree.allowed() == ()


def test_a_clock_between_table_entries_is_named() -> None:
    tree = behavioural_board(ORIN)
    tree.machine.truth.clocks_hz["gpu"] = 333_000_000
    assert tree.allowed() == ("gpu runs at 333000000 Hz, which is no table entry",)


def test_a_clock_that_no_permitted_point_has_is_named_even_when_it_has_passed() -> None:
    tree = behavioural_board(ORIN)
    found = tree.truth()
    permitted = [found, OperatingPoint(found.cpu_hz, 306_000_000, found.emc_hz)]
    tree.write(RAILGATE, "0")
    tree.time.sleep(0.1)
    assert tree.allowed(permitted) == ()
    tree.write(f"{EMC}/mrq_rate_locked", "1")
    tree.write(f"{EMC}/rate", "204000000")
    tree.write(f"{EMC}/mrq_rate_locked", "0")
    tree.time.sleep(0.1)
    assert tree.truth().emc_hz == found.emc_hz
    assert len(tree.allowed(permitted)) == 1
    assert tree.allowed(permitted)[0].startswith("emc_hz was 204000000 at ")
