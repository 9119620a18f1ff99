from __future__ import annotations

import pytest

from runtime.contract.errors import UnitError
from runtime.contract.operating_point import ABSENT_HZ, SLOWEST_PLAUSIBLE_HZ, OperatingPoint


@pytest.mark.parametrize("name", ["cpu_hz", "gpu_hz", "emc_hz"])
@pytest.mark.parametrize("hz", [1, -1, 1_510_400, SLOWEST_PLAUSIBLE_HZ - 1])
def test_clocks_too_slow_to_be_hertz_are_refused(name: str, hz: int) -> None:
    clocks = {"cpu_hz": 10**9, "gpu_hz": 10**9, "emc_hz": 10**9} | {name: hz}
    with pytest.raises(UnitError, match=rf"{name}={hz} is too slow to be hertz; cpufreq files are kHz"):
        OperatingPoint(**clocks)


def test_the_slowest_plausible_clock_is_allowed() -> None:
    assert OperatingPoint(*(SLOWEST_PLAUSIBLE_HZ,) * 3).gpu_hz == SLOWEST_PLAUSIBLE_HZ


def test_a_clock_that_the_board_lacks_is_zero_and_is_not_shown() -> None:
    assert str(OperatingPoint(2_500_000_000, ABSENT_HZ, ABSENT_HZ)) == "CPU 2500 MHz"
    assert str(OperatingPoint(ABSENT_HZ, ABSENT_HZ, ABSENT_HZ)) == "no clocks"


def test_points_are_read_back_from_json_and_printed_in_megahertz() -> None:
    point = OperatingPoint(1_510_400_000, 624_750_000, 2_133_000_000)
    assert OperatingPoint(**point.to_json()) == point
    assert str(point) == "CPU 1510 · GPU 625 · EMC 2133 MHz"


def test_points_sort_by_cpu_then_gpu_then_memory() -> None:
    slow, fast = 10**8, 10**9
    points = [OperatingPoint(fast, slow, slow), OperatingPoint(slow, fast, slow), OperatingPoint(slow, slow, fast)]
    assert sorted(points) == points[::-1]
