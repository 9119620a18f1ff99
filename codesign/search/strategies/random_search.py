"""Random search: designs drawn evenly from those not met yet; every other strategy has to beat it."""

from __future__ import annotations

from runtime.contract.arrays import FloatArray, IntArray

from .protocol import Options
from .record import Record
from .search_space import SearchSpace


class RandomSearch:
    """Learns nothing from what it is told, but not to propose it again."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int) -> None:
        self.record = Record(space, objectives, seed)

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record = self.record
        return record.ask(record.space.fresh(record.generator(), count, record.taken))

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)


def random_search(space: SearchSpace, objectives: int, seed: int, options: Options) -> RandomSearch:  # noqa: ARG001
    """The factory of strategy `random`."""
    return RandomSearch(space, objectives, seed)
