"""What a board draws at its clocks: the watts that the model's sensors read."""

from __future__ import annotations

from typing import Protocol

from runtime.boards.simulated import SimulatedBoard
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work


class Physics(Protocol):
    """Power of every rail; the rails of `total` add up to the board's draw."""

    @property
    def total(self) -> tuple[str, ...]:
        """Names of the rails to add."""
        ...

    def rails_w(self, point: OperatingPoint, work: Work | None) -> dict[str, float]:
        """Watts by rail while the board does `work` back to back, or nothing."""
        ...


class BoardModelPhysics:
    """The simulated board's equations, for a kernel that lies around them."""

    def __init__(self, board: SimulatedBoard) -> None:
        self._board = board

    @property
    def total(self) -> tuple[str, ...]:
        """As the board's profile says."""
        return self._board.profile.rails.total

    def rails_w(self, point: OperatingPoint, work: Work | None) -> dict[str, float]:
        """Watts by rail; a device that is off has no work to do."""
        if not (point.gpu_hz if self._board.device == "gpu" else point.cpu_hz):
            work = None
        return self._board.rails_w_at(work, point)
