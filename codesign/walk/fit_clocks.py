"""At which clocks designs of a fit are priced or measured."""

from __future__ import annotations

from runtime.boards.board_profile import BoardProfile
from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint

DEFAULT, FASTEST = "default", "fastest"
OPTION = "--clocks"


def simulated_point(clocks: str, board: BoardProfile, device: str) -> OperatingPoint:
    """A board's default point, its fastest, or one of its others.

    Raises:
        ConfigError: no such clocks.
    """
    if clocks == DEFAULT:
        return board.default_point(device)
    if clocks == FASTEST:
        return board.max_point(device)
    point = _read(clocks)
    if point not in board.points(device):
        raise ConfigError(
            f"{board.name} does not have the operating point {point}", where=OPTION, to_do="use default or fastest"
        )
    return point


def measured_point(clocks: str) -> OperatingPoint | None:
    """What is to be set where designs are measured; None leaves clocks as they are found.

    Raises:
        ConfigError: fastest, which nobody here knows of a board elsewhere, or no clocks.
    """
    if clocks == DEFAULT:
        return None
    if clocks == FASTEST:
        raise ConfigError(
            "which clocks are the fastest is not known before measuring",
            where=OPTION,
            to_do="give them in hertz: CPU,GPU,EMC with 0 for what the board does not have",
        )
    return _read(clocks)


def _read(clocks: str) -> OperatingPoint:
    try:
        cpu_hz, gpu_hz, emc_hz = (int(part) for part in clocks.split(","))
    except ValueError as error:
        raise ConfigError(
            f"{clocks!r} are no clocks", where=OPTION, to_do="use default, fastest, or CPU,GPU,EMC in hertz"
        ) from error
    return OperatingPoint(cpu_hz, gpu_hz, emc_hz)
