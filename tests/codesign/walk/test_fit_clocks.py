from __future__ import annotations

import pytest

from codesign.walk.fit_clocks import measured_point, simulated_point
from runtime.boards.profile import profile
from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint

BOARD = profile("orin-nano")


def test_a_simulated_board_has_default_clocks_fastest_ones_and_all_others() -> None:
    assert simulated_point("default", BOARD, "gpu") == BOARD.default_point("gpu")
    assert simulated_point("fastest", BOARD, "gpu") == BOARD.max_point("gpu")
    slowest = BOARD.points("gpu")[0]
    assert simulated_point(f"{slowest.cpu_hz},{slowest.gpu_hz},{slowest.emc_hz}", BOARD, "gpu") == slowest


def test_clocks_are_left_as_found_where_designs_are_measured_unless_they_are_given() -> None:
    assert measured_point("default") is None
    assert measured_point("1000000000,0,0") == OperatingPoint(1_000_000_000, 0, 0)


def test_the_fastest_clocks_of_a_board_elsewhere_are_not_known() -> None:
    with pytest.raises(ConfigError, match=r"not known before measuring(.|\n)*CPU,GPU,EMC"):
        measured_point("fastest")


@pytest.mark.parametrize("text", ["slow", "1,2", "1.5,2,3"])
def test_what_are_no_clocks_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="are no clocks"):
        measured_point(text)


def test_clocks_that_a_board_does_not_have_are_refused() -> None:
    with pytest.raises(ConfigError, match="orin-nano does not have the operating point"):
        simulated_point("11000000,12000000,13000000", BOARD, "gpu")
