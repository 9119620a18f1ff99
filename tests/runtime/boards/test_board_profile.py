"""Clock tables, power modes and operating points of the boards that come with the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.boards.board_profile import ClockTable, Support
from runtime.boards.profile import known_boards, profile
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


@pytest.mark.parametrize(
    ("board", "device"), [(name, device) for name in known_boards() for device in profile(name).devices]
)
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


def test_a_clock_that_a_board_lacks_is_zero_in_every_point() -> None:
    assert {(point.gpu_hz, point.emc_hz) for point in profile("x86-cpu").points("cpu")} == {(0, 0)}
    assert {point.cpu_hz for point in profile("nvidia-gpu").points("gpu")} == {0}


@pytest.mark.parametrize(
    ("board", "support"),
    [
        ("nano", Support.SIMULATED),
        ("tx2", Support.SIMULATED),
        ("xavier-nx", Support.CONTAINER),
        ("agx-xavier", Support.CONTAINER),
        ("orin-nano", Support.RUNS),
        ("thor", Support.RUNS),
        ("x86-cpu", Support.RUNS),
    ],
)
def test_what_the_runtime_can_do_with_a_board_follows_from_its_jetpack(board: str, support: Support) -> None:
    known = profile(board)
    assert known.support is support
    assert str(known.support) == support.value
    assert known.runs_runtime is (support is Support.RUNS)
    oldest = {Support.SIMULATED: "4", Support.CONTAINER: "5", Support.RUNS: "67"}[support]
    assert all(release[0] in oldest for release in known.jetpack)


def test_the_four_settings_of_hadas_are_there_under_their_own_names() -> None:
    agx, tx2 = profile("agx-xavier").device_names, profile("tx2").device_names
    for name, word in ((agx["gpu"], "Volta"), (agx["cpu"], "Carmel"), (tx2["gpu"], "Pascal"), (tx2["cpu"], "Denver")):
        assert word in name
    # Table II of the paper: the sizes of their clock tables.
    assert len(profile("agx-xavier").gpu.hz) == 14
    assert len(profile("agx-xavier").cpu.hz) == 29
    assert len(profile("tx2").gpu.hz) == 13
    assert len(profile("tx2").cpu.hz) == 12


def test_a_module_belongs_to_one_board_except_that_the_orin_nano_comes_with_and_without_super() -> None:
    owners: dict[str, set[str]] = {}
    for name in known_boards():
        for entry in profile(name).compatible:
            owners.setdefault(entry, set()).add(name)
    shared = {frozenset(names) for names in owners.values() if len(names) > 1}
    assert shared == {frozenset({"orin-nano", "orin-nano-super"})}
    assert all(entry.startswith("nvidia,") for entry in owners)


def test_the_total_is_shown_as_the_sum_that_it_is() -> None:
    assert profile("tx2").total_rail == "VDD_IN"
    assert profile("agx-orin").total_rail == "VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0"


@pytest.mark.parametrize(
    ("board", "key"),
    [
        ("agx-orin", "p3701_0000"),
        ("orin-nx", "p3767_0000"),
        ("orin-nano", "p3767_0003"),
        ("orin-nano-super", "p3767_0003_super"),
        ("xavier-nx", "p3668_xavier_nx"),
        ("agx-xavier", "agx_xavier"),
        ("nano", "p3448_nano"),
    ],
)
def test_power_modes_have_the_caps_of_the_public_records(board: str, key: str, shared_data: Path) -> None:
    records = json.loads((shared_data / "boards" / "jetson_boards.json").read_text())["power_modes"][key]["modes"]
    known = profile(board)
    assert [mode.name for mode in known.modes] == [record["name"] for record in records]
    for mode, record in zip(known.modes, records, strict=True):
        assert mode.cpus_online == record["cpus_online"]
        for cap_hz, recorded in (
            (mode.cpu_max_hz, record["cpu_max_khz"] * 1000),
            (mode.gpu_max_hz, record["gpu_max_hz"]),
            (mode.emc_max_hz, record["emc_max_hz"]),
        ):
            assert cap_hz == (recorded if recorded > 0 else None)


@pytest.mark.parametrize(
    ("board", "table"),
    [
        ("orin-nano-super", "orin_nano_super"),
        ("tx2", "tx2"),
        ("agx-xavier", "agx_xavier"),
        ("orin-nx", "orin_nx"),
        ("nano", "nano"),
    ],
)
def test_the_clock_tables_are_those_of_the_public_records(board: str, table: str, shared_data: Path) -> None:
    tables = json.loads((shared_data / "boards" / "jetson_boards.json").read_text())["frequency_tables"]
    known = profile(board)
    assert list(known.gpu.hz) == tables[table]["gpu_hz"]
    assert set(known.emc.hz) >= set(tables[table].get("emc_hz", ()))
    assert {hz // 1000 for hz in known.cpu.hz} >= set(tables[table].get("cpu_khz", ()))
    if board == "tx2":
        assert list(known.emc.hz) == tables["tx2_older_l4t"]["emc_hz"]
        assert [hz // 1000 for hz in known.cpu.hz] == tables["tx2_older_l4t"]["cpu_khz"]
