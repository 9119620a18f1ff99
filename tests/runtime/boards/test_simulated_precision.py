"""runtime/boards/simulated_precision.py"""

from __future__ import annotations

import numpy as np
import pytest

from runtime.boards.parameter import Basis
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_precision import PrecisionParameters, float32_equivalent
from runtime.contract.work import Work

NARROW = PrecisionParameters(fp16_peak=2.0, int8_peak=4.0)


def test_work_in_narrow_formats_counts_as_less_float32_work() -> None:
    macs, fp16, int8 = np.array([8.0, 8.0, 8.0]), np.array([0.0, 8.0, 4.0]), np.array([0.0, 0.0, 4.0])
    assert float32_equivalent(NARROW, macs, fp16, int8).tolist() == [8.0, 4.0, 3.0]


def test_float32_work_alone_counts_exactly_as_itself() -> None:
    macs = np.array([0.1, 12345678.9])
    assert float32_equivalent(NARROW, macs, np.zeros(2), np.zeros(2)).tolist() == macs.tolist()


@pytest.mark.parametrize("name", known_boards())
def test_every_board_says_what_it_assumes_of_each_format(name: str) -> None:
    board = profile(name)
    for device in board.devices:
        factors = board.precision[device]
        assert [parameter.name for parameter in factors] == ["fp16_peak", "int8_peak"]
        assert all(parameter.basis is Basis.ASSUMED and parameter.values[0] >= 1.0 for parameter in factors)


def test_a_board_takes_less_time_and_energy_for_narrow_numbers() -> None:
    board = SimulatedBoard(profile("orin-nano"), "cpu")
    points = [board.profile.max_point("cpu")]
    works = [
        Work(1e8, 4e6, 10.0),
        Work(1e8, 2e6, 10.0, fp16_macs=1e8),
        Work(1e8, 1e6, 10.0, int8_macs=1e8),
    ]
    latency_s = board.latency_s(works, points)[:, 0]
    energy_j = latency_s * board.busy_w(works, points)[:, 0]
    assert (np.diff(latency_s) < 0).all()
    assert (np.diff(energy_j) < 0).all()


def test_a_device_without_eight_bit_products_gains_bytes_alone() -> None:
    board = SimulatedBoard(profile("tx2"), "gpu")
    points = [board.profile.max_point("gpu")]
    narrow, wide = Work(1e9, 0.0, 1.0, int8_macs=1e9), Work(1e9, 0.0, 1.0)
    assert board.latency_s([narrow], points) == board.latency_s([wide], points)
