"""codesign/predict/clocks/cells_csv.py"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codesign.predict.clocks.cells_csv import ONLY_WORKLOAD, Measurements, read_measurements
from codesign.predict.clocks.clock_cells import EMC, GPU, RATE
from runtime.contract.errors import DataError


def read(folder: Path, *lines: str) -> Measurements:
    file = folder / "cells.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_measurements(file)


def test_cells_come_by_board_and_workload(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "board,workload,gpu_hz,emc_hz,latency_s",
        "b2,net,5e8,2e9,0.02",
        "b1,vit,5e8,2e9,0.03",
        "b1,net,5e8,2e9,0.01",
        "b1,net,1e9,2e9,0.005",
    )
    assert [(one.board, one.workload, len(one)) for one in found.latency] == [
        ("b1", "net", 2), ("b1", "vit", 1), ("b2", "net", 1),
    ]  # fmt: skip
    net = found.latency[0]
    assert net.columns[GPU].tolist() == [5e8, 1e9]
    assert net.columns[EMC].tolist() == [2e9, 2e9]
    assert net.values.tolist() == [0.01, 0.005]
    assert found.power == {}


def test_a_median_latency_stands_in_for_a_mean_one_and_power_columns_are_found_by_their_unit(tmp_path: Path) -> None:
    found = read(tmp_path, "board,gpu_hz,latency_p50_s,latency_p99_s,board_w,vdd_soc_w", "b,5e8,0.01,9,7.5,1.5")
    assert found.latency[0].workload == ONLY_WORKLOAD
    assert found.latency[0].values.tolist() == [0.01]
    assert {name: cells[0].values.tolist() for name, cells in found.power.items()} == {
        "board_w": [7.5], "vdd_soc_w": [1.5],
    }  # fmt: skip


def test_repeats_of_a_setting_are_their_median(tmp_path: Path) -> None:
    found = read(tmp_path, "board,gpu_hz,latency_s", "b,5e8,0.01", "b,5e8,0.04", "b,5e8,0.02", "b,9e8,0.01")
    assert found.latency[0].values.tolist() == [0.02, 0.01]


def test_a_request_rate_is_a_setting_of_power_but_not_of_latency(tmp_path: Path) -> None:
    found = read(tmp_path, "board,gpu_hz,requests_per_s,latency_s,board_w", "b,5e8,0,0.01,5", "b,5e8,9,0.01,6")
    assert len(found.latency[0]) == 1
    assert RATE not in found.latency[0].columns
    assert found.power["board_w"][0].columns[RATE].tolist() == [0.0, 9.0]


def test_what_is_blank_or_zero_throughout_a_board_is_what_it_does_not_have(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "board,cpu_hz,gpu_hz,emc_hz,latency_s,board_w",
        "orin,1e9,5e8,2e9,0.01,7",
        "pi,1e9,0,,0.2,",
        "pi,2e9,0,,0.1,",
    )
    assert [sorted(one.columns) for one in found.latency] == [["cpu_hz", "emc_hz", "gpu_hz"], ["cpu_hz"]]
    assert [one.board for one in found.power["board_w"]] == ["orin"]


def test_blank_lines_spaces_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeffboard, gpu_hz ,latency_s", "", "b , 5e8 , 0.01", "")
    assert found.latency[0].board == "b"


HEADER = "board,workload,gpu_hz,emc_hz,latency_s,board_w"
GOOD = "b,w,5e8,2e9,0.01,7"


@pytest.mark.parametrize(
    ("lines", "what", "where"),
    [
        ([HEADER, GOOD, "b,w,6e8,2e9,nan,7"], "nan cannot be measured", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,-1,7"], "-1 cannot be measured", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,inf,7"], "inf cannot be measured", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,0,7"], "0 cannot be measured", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,fast,7"], "'fast' is not a number", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,,7"], "blank\n", "line 3, column `latency_s`"),
        ([HEADER, GOOD, "b,w,6e8,2e9,0.1,"], "blank, though board 'b' has it", "line 3, column `board_w`"),
        ([HEADER, GOOD, "b,w,6e8,,0.1,7"], "blank, though board 'b' has it", "line 3, column `emc_hz`"),
        ([HEADER, GOOD, "b,w,6e8,2e9"], "blank", "line 3, column"),
        ([HEADER, GOOD, "b,w,6e8,2e9,0.1,7,8"], "more values than columns", "line 3"),
        ([HEADER, GOOD, "b,w,918000,2e9,0.1,7"], "918000 is too slow to be hertz", "line 3, column `gpu_hz`"),
        ([HEADER, ",w,6e8,2e9,0.1,7"], "no board", "line 2, column `board`"),
        ([HEADER, "b,w,,,0.1,7"], "board 'b' has no clocks", "line 2"),
        ([HEADER], "no measurements", "cells.csv"),
        ([""], "column `board` is missing", "line 1"),
        (["workload,gpu_hz,latency_s"], "column `board` is missing", "line 1"),
        (["board;gpu_hz;latency_s"], "missing (columns: `board;gpu_hz;latency_s`)", "line 1"),
        (["board,latency_s"], "no column holds a clock", "line 1"),
        (["board,gpu_hz,latency_ms"], "no column holds a latency", "line 1"),
        (["board,gpu_hz,gpu_hz,latency_s"], "column `gpu_hz` is there twice", "line 1"),
        ([HEADER, 'b,"w,6e8'], "not a CSV file", "cells.csv"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, lines: list[str], what: str, where: str) -> None:
    with pytest.raises(DataError, match=re.escape(what)) as caught:
        read(tmp_path, *lines)
    assert str(tmp_path / "cells.csv") in str(caught.value.where)
    assert where in str(caught.value.where)
    assert caught.value.to_do


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"board,gpu_hz\xff\xfe")
    with pytest.raises(DataError, match="not a CSV file"):
        read_measurements(tmp_path / "x.csv")
    with pytest.raises(DataError, match="not a CSV file"):
        read_measurements(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        read_measurements(tmp_path / "y.csv")
