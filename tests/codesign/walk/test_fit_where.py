from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.walk.fit_measured import LATENCY, MeasuredCosts
from codesign.walk.fit_networks import ChainNetworks
from codesign.walk.fit_where import AS_FOUND, measured_where, point_of, simulated_where
from codesign.walk.measure_target import MeasureTarget
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import StorageError
from runtime.measure.records_file import read_records
from tests.codesign.chains import SPACES

from .test_fit_measured import QUICK


def test_a_simulated_fit_is_of_the_board_at_the_clocks_given() -> None:
    board = profile("orin-nano")
    where = simulated_where(SimulatedBoard(board, "gpu"), board.max_point("gpu"))
    assert (where["board"], where["device"]) == ("orin-nano", "gpu")
    assert point_of(where["clocks"]) == board.max_point("gpu")


def test_a_measured_fit_is_of_the_machine_that_its_records_name(tmp_path: Path) -> None:
    networks = ChainNetworks(SPACES[0])
    designs = np.stack([networks.source.draw(np.random.default_rng(0))])
    MeasuredCosts(networks, MeasureTarget(), LATENCY, tmp_path, 1, QUICK).measure(
        designs, designs[:0], 0, 0, lambda *_: None
    )
    where, records = measured_where(tmp_path), read_records(tmp_path / "batch-0-0-0.jsonl")
    assert where["board"] == (records.header.profile or "unknown")
    assert where["device"] == "cpu"
    assert point_of(where["clocks"]) == records.measurements[0].applied


def test_clocks_as_found_are_no_point() -> None:
    assert point_of(AS_FOUND) is None


def test_records_that_are_gone_are_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the records of the first batch are gone"):
        measured_where(tmp_path)
