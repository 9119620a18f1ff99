"""Several boards as one cost model, for one design that serves all of them, each at clocks of its own.

Energy is the weighted mean of the boards' energies, latency the longest of theirs, block by block: a design that keeps
to a limit of latency here keeps to it on every board. An operating point is one choice of clocks for each board. All
choices together would be too many, so each board offers a few points only: those of least energy under some limit of
latency, for work of several kinds. What one board's point is does not depend on what another's is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import CostModel, block_costs, overhead_costs
from runtime.contract.errors import ConfigError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import ABSENT_HZ, SLOWEST_PLAUSIBLE_HZ, OperatingPoint
from runtime.contract.work import Work

from .pricing import Pricing

MOST_POINTS = 600
LATENCY_LIMITS = 24
# Bound by arithmetic, by memory, by launches, and between: what a point is good for depends on what runs.
TYPICAL = tuple(
    Work(macs, moved_bytes, 5.0)
    for macs in (1e6, 1e7, 1e8)
    for moved_bytes in (3e5, 3e6, 1e7)
    if macs < 300 * moved_bytes
)


@dataclass(frozen=True, slots=True)
class JointBoard:
    """A CostModel whose points stand for one point of every board."""

    boards: tuple[CostModel, ...]
    weights: tuple[float, ...]  # of each board's energy
    choices: Mapping[OperatingPoint, tuple[OperatingPoint, ...]]

    @property
    def kind(self) -> Kind:
        """That of the first board."""
        return self.boards[0].kind

    @property
    def hardware(self) -> str:
        """All boards."""
        return " and ".join(board.hardware for board in self.boards)

    def assumptions(self) -> tuple[str, ...]:
        """What the numbers stand on."""
        return ("Energy: weighted mean of all boards. Latency: the longest of theirs.",)

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): on the slowest board."""
        each = [board.latency_s(works, of) for board, of in self._each(points)]
        longest: FloatArray = np.max(each, axis=0)
        return longest

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): such that power × latency is the mean energy; no work draws the mean power."""
        energy_j, power_w = np.zeros((len(works), len(points))), np.zeros((len(works), len(points)))
        for weight, (board, of) in zip(self.weights, self._each(points), strict=True):
            energy_j += weight * block_costs(board, works, of)[1]
            power_w += weight * board.busy_w(works, of)
        latency_s = self.latency_s(works, points)
        np.divide(energy_j, latency_s, out=power_w, where=latency_s > 0.0)
        return power_w

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): on the slowest board."""
        longest: FloatArray = np.max([board.stage_overhead_s(of) for board, of in self._each(points)], axis=0)
        return longest

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): such that power × latency is the mean energy."""
        each = zip(self.weights, self._each(points), strict=True)
        energy_j = np.sum([weight * overhead_costs(board, of)[1] for weight, (board, of) in each], axis=0)
        power_w: FloatArray = energy_j / self.stage_overhead_s(points)
        return power_w

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): the mean."""
        each = zip(self.weights, self._each(points), strict=True)
        mean_w: FloatArray = np.sum([weight * board.idle_w(of) for weight, (board, of) in each], axis=0)
        return mean_w

    def _each(self, points: Sequence[OperatingPoint]) -> list[tuple[CostModel, list[OperatingPoint]]]:
        return [(board, [self.choices[point][number] for point in points]) for number, board in enumerate(self.boards)]


def joint_pricing(
    boards: Sequence[Pricing], weights: Sequence[float], allowed: Sequence[tuple[int, ...] | None]
) -> Pricing:
    """The boards as one.

    Args:
        weights: what each board's energy counts, beside the others'; energies are first made alike, so that a board
            that needs more joules for everything does not count more.
        allowed: of each board, the points that may be chosen; None: all.
    Raises:
        ConfigError: weights that are not above zero, or not one per board.
    """
    if len(weights) != len(boards) or not all(weight > 0 for weight in weights):
        raise ConfigError(f"boards need one weight above zero each, got {list(weights)} for {len(boards)} boards")
    each = max(2, int(MOST_POINTS ** (1.0 / len(boards))))
    offered = [_offered(board, points, each) for board, points in zip(boards, allowed, strict=True)]
    combined = list(product(*offered))
    for named in ([board.points[board.default] for board in boards], [board.points[board.fastest] for board in boards]):
        if tuple(named) not in combined:
            combined.append(tuple(named))
    tokens = [OperatingPoint(SLOWEST_PLAUSIBLE_HZ + number, ABSENT_HZ, ABSENT_HZ) for number in range(len(combined))]
    typical_j = np.asarray([float(_energies_j(board)[:, board.default].sum()) for board in boards])
    alike = np.asarray(weights) / typical_j
    scaled = alike / alike.sum()
    model = JointBoard(
        tuple(board.model for board in boards),
        tuple(float(weight) for weight in scaled),
        dict(zip(tokens, combined, strict=True)),
    )
    default, fastest = (
        tokens[combined.index(tuple(board.points[getattr(board, name)] for board in boards))]
        for name in ("default", "fastest")
    )
    return Pricing(model, tokens, default, fastest)


def _offered(board: Pricing, allowed: tuple[int, ...] | None, most: int) -> list[OperatingPoint]:
    """The points of least energy for some kind of work under some limit of latency; the widest limits first."""
    among = np.arange(len(board.points)) if allowed is None else np.asarray(allowed)
    latency_s = board.model.latency_s(TYPICAL, board.points)[:, among]
    energy_j = _energies_j(board)[:, among]
    found: dict[int, None] = {}
    for share in np.linspace(1.0, 0.0, LATENCY_LIMITS):
        for times_s, joules in zip(latency_s, energy_j, strict=True):
            limit_s = times_s.min() * (times_s.max() / times_s.min()) ** share
            within = np.where(times_s <= limit_s * (1 + 1e-9), joules, np.inf)
            found[int(among[int(within.argmin())])] = None
    kept = list(found)
    spread = np.linspace(0, len(kept) - 1, min(most, len(kept))).astype(int)
    return [board.points[kept[place]] for place in spread]


def _energies_j(board: Pricing) -> FloatArray:
    """(kinds of work, points)."""
    return block_costs(board.model, TYPICAL, board.points)[1]
