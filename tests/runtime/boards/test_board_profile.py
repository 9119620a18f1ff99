"""Clock tables, power modes and operating points of the boards that come with the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.boards.board_profile import ClockTable
from runtime.boards.profile import profile
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint


@pytest.mark.parametrize(
    ("board", "device", "count"),
    [
        ("tx2", "gpu", 13 * 12 * 11),
        ("tx2", "cpu", 12 * 11),
        ("orin-nano-super", "gpu", 8 * 22 * 4),
        ("orin-nano-super", "cpu", 22 * 4),
    ],
)
def test_a_device_offers_the_product_of_its_clock_tables(board: str, device: str, count: int) -> None:
    points = profile(board).points(device)
    assert len(set(points)) == len(points) == count
    assert list(points) == sorted(points)


def test_the_gpu_is_parked_while_the_cpu_is_the_target() -> None:
    assert {point.gpu_hz for point in profile("tx2").points("cpu")} == {114_750_000}


def test_the_orin_is_delivered_without_caps_but_its_stock_governor_leaves_the_memory_at_2133_mhz() -> None:
    board = profile("orin-nano-super")
    assert board.default_point("gpu") == OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)
    assert board.max_point("gpu") == OperatingPoint(1_728_000_000, 1_020_000_000, 3_199_000_000)


def test_the_tx2_is_delivered_in_a_capped_mode() -> None:
    board = profile("tx2")
    assert board.default_mode == "MAXP_CORE_ARM"
    # The CPU cap of 2000 MHz lies between two table entries: the lower one is held.
    assert board.default_point("gpu") == OperatingPoint(1_881_600_000, 1_122_000_000, 1_600_000_000)


@pytest.mark.parametrize("board", ["orin-nano-super", "tx2"])
@pytest.mark.parametrize("device", ["gpu", "cpu"])
def test_every_mode_leads_to_a_point_on_offer_within_its_caps(board: str, device: str) -> None:
    known = profile(board)
    for mode in known.modes:
        point = known.mode_point(mode.name, device)
        assert point in known.points(device)
        assert mode.gpu_max_hz is None or point.gpu_hz <= mode.gpu_max_hz
        assert mode.cpu_max_hz is None or point.cpu_hz <= mode.cpu_max_hz
        assert mode.emc_max_hz is None or point.emc_hz <= mode.emc_max_hz


@pytest.mark.parametrize(("cap_hz", "held_hz"), [(None, 300), (300, 300), (299, 200), (50, 100)])
def test_a_cap_is_rounded_down_to_the_table_or_up_to_its_slowest_entry(cap_hz: int | None, held_hz: int) -> None:
    assert ClockTable((100, 200, 300), "").at_most(cap_hz) == held_hz


def test_an_unknown_device_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BoardError, match=r"tx2 has no device 'npu'\n(.|\n)*use one of gpu, cpu"):
        profile("tx2").points("npu")


def test_an_unknown_mode_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BoardError, match=r"tx2 has no power mode '5W'\n(.|\n)*use one of MAXN, MAXQ"):
        profile("tx2").mode("5W")


@pytest.mark.parametrize(("board", "table"), [("orin-nano-super", "orin_nano_super"), ("tx2", "tx2")])
def test_the_clock_tables_are_those_of_the_public_records(board: str, table: str, shared_data: Path) -> None:
    tables = json.loads((shared_data / "boards" / "jetson_boards.json").read_text())["frequency_tables"]
    known = profile(board)
    assert list(known.gpu.hz) == tables[table]["gpu_hz"]
    assert set(known.emc.hz) >= set(tables[table]["emc_hz"])
    if board == "tx2":
        assert list(known.emc.hz) == tables["tx2_older_l4t"]["emc_hz"]
        assert [hz // 1000 for hz in known.cpu.hz] == tables["tx2_older_l4t"]["cpu_khz"]
