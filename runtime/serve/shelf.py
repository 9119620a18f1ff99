"""Which designs are kept loaded within a budget of memory: what was used last stays, what is pinned always does.

A stage that several designs share counts once. What stages take is an estimate: measured with ONNX Runtime on a CPU,
the sessions of four bundles (CIFAR-10 in FP32, FP16 and INT8, digits) took 0.7 to 1.3 times as much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

SESSION_BYTES = 600_000  # of a stage, however small
PER_FILE_BYTE = 3.0  # weights as they were read, as kernels want them, and what flows between
STAY_S = 10.0  # that a design stays at least: two that take turns shall not do nothing but load


@dataclass(slots=True)
class Shelf:
    """Keeps account; loading and dropping is its owner's. Not safe between threads."""

    designs: Mapping[str, Mapping[str, int]]  # design -> name of each stage's content -> its bytes in memory
    budget_bytes: int
    loaded: dict[str, float] = field(default_factory=dict)  # design -> when it was loaded
    used_s: dict[str, float] = field(default_factory=dict)  # design -> when it was asked for last

    def size_bytes(self, designs: Iterable[str]) -> int:
        """Of several designs together, stages that they share once."""
        stages: dict[str, int] = {}
        for design in designs:
            stages.update(self.designs[design])
        return sum(stages.values())

    def fits(self, design: str, pinned: Collection[str]) -> bool:
        """Whether it has room beside what is pinned."""
        return self.size_bytes({design, *pinned}) <= self.budget_bytes

    def to_drop(self, design: str, pinned: Collection[str], now_s: float) -> tuple[str, ...] | None:
        """What is to go so that a design can be loaded; None where that is not to be had, or not yet."""
        kept = {*self.loaded, design}
        may_go = [
            other
            for other, since_s in self.loaded.items()
            if other != design and other not in pinned and now_s - since_s >= STAY_S
        ]
        drop = []
        for other in sorted(may_go, key=lambda name: self.used_s.get(name, 0.0)):
            if self.size_bytes(kept) <= self.budget_bytes:
                break
            kept.remove(other)
            drop.append(other)
        return tuple(drop) if self.size_bytes(kept) <= self.budget_bytes else None


def stage_bytes(file_bytes: int) -> int:
    """What a stage takes in memory, estimated from its file."""
    return round(SESSION_BYTES + PER_FILE_BYTE * file_bytes)
