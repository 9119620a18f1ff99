"""What each candidate of a chain adds in time and energy at each operating point: all a search needs of a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from codesign.policy.selection import selected_candidates
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import CostModel, StageCosts, block_costs, overhead_costs
from runtime.contract.errors import ShapeError
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import total

from .chain_works import BackboneWorks


@dataclass(frozen=True, slots=True)
class ChainCosts:
    """Costs of c candidates at F operating points. Raises ShapeError on other shapes, or on a cost that is no cost."""

    backbone: IntArray  # (c,), number of the backbone each candidate belongs to: 0, 0, ..., 1, 1, ...
    segment_latency_s: FloatArray  # (c, F), from the candidate before it in the same backbone, or from the image
    segment_energy_j: FloatArray  # (c, F)
    head_latency_s: FloatArray  # (c, F), zero for a backbone's end: its classifier is in the segment
    head_energy_j: FloatArray  # (c, F)
    overhead_latency_s: FloatArray  # (F,), once per stage that is entered
    overhead_energy_j: FloatArray  # (F,)
    idle_w: FloatArray  # (F,)
    segment_macs: FloatArray  # (c,)
    head_macs: FloatArray  # (c,)

    def __post_init__(self) -> None:
        candidates, points = self.backbone.size, self.idle_w.size
        shapes: dict[str, tuple[int, ...]] = {
            "backbone": (candidates,),
            "idle_w": (points,),
            "overhead_latency_s": (points,),
            "overhead_energy_j": (points,),
            "segment_macs": (candidates,),
            "head_macs": (candidates,),
        }
        for name in ("segment_latency_s", "segment_energy_j", "head_latency_s", "head_energy_j"):
            shapes[name] = (candidates, points)
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ShapeError(
                    f"{name} must be {shape} ({candidates} candidates, {points} operating points), got {array.shape}"
                )
            if not (np.isfinite(array).all() and (array >= 0).all()):
                raise ShapeError(f"{name} holds a negative or non-finite value; a cost is neither")
        steps = np.diff(self.backbone)
        if candidates == 0 or self.backbone[0] != 0 or ((steps != 0) & (steps != 1)).any():
            raise ShapeError(f"backbones must be numbered 0, 0, ..., 1, 1, ... along the chain, got {self.backbone}")

    @property
    def candidates(self) -> int:
        """Candidate exits, the end of the chain included."""
        return int(self.backbone.size)

    @property
    def points(self) -> int:
        """Operating points."""
        return int(self.idle_w.size)

    @classmethod
    def from_works(cls, model: CostModel, points: Sequence[OperatingPoint], works: BackboneWorks) -> ChainCosts:
        """Price one backbone; `joined` makes chains of what this returns, so each backbone is priced only once."""
        segment_sizes = [len(segment) for segment in works.segments]
        blocks = [block for segment in works.segments for block in segment]
        latency_s, energy_j = block_costs(model, blocks, points)
        head_latency_s, head_energy_j = block_costs(model, works.heads[:-1], points)
        overhead_s, overhead_j = overhead_costs(model, points)
        nothing = np.zeros((1, len(points)))
        return cls(
            backbone=np.zeros(len(works.segments), dtype=np.int64),
            segment_latency_s=_summed(latency_s, segment_sizes),
            segment_energy_j=_summed(energy_j, segment_sizes),
            head_latency_s=np.concatenate([head_latency_s, nothing]),
            head_energy_j=np.concatenate([head_energy_j, nothing]),
            overhead_latency_s=overhead_s,
            overhead_energy_j=overhead_j,
            idle_w=model.idle_w(points),
            segment_macs=np.asarray([total(segment).macs for segment in works.segments]),
            head_macs=np.asarray([head.macs for head in works.heads]),
        )

    def stage_costs(self, mask: int) -> StageCosts:
        """What each stage adds when it runs, (stages, F), for the design that keeps the early candidates in `mask`.

        Raises:
            ConfigError: the mask names a candidate that the chain does not have.
        """
        ranges = self._stage_ranges(mask)
        return StageCosts(
            latency_s=np.stack(
                [self.segment_latency_s[a:b].sum(axis=0) + self.head_latency_s[b - 1] for a, b in ranges]
            )
            + self.overhead_latency_s,
            energy_j=np.stack([self.segment_energy_j[a:b].sum(axis=0) + self.head_energy_j[b - 1] for a, b in ranges])
            + self.overhead_energy_j,
            idle_w=self.idle_w,
        )

    def stage_macs(self, mask: int) -> FloatArray:
        """Multiply-accumulates of each stage, (stages,). Raises ConfigError as `stage_costs` does."""
        ranges = self._stage_ranges(mask)
        return np.asarray([self.segment_macs[a:b].sum() + self.head_macs[b - 1] for a, b in ranges])

    def at_points(self, indices: IntArray) -> ChainCosts:
        """The same chain at some of the operating points."""
        return ChainCosts(
            backbone=self.backbone,
            segment_latency_s=self.segment_latency_s[:, indices],
            segment_energy_j=self.segment_energy_j[:, indices],
            head_latency_s=self.head_latency_s[:, indices],
            head_energy_j=self.head_energy_j[:, indices],
            overhead_latency_s=self.overhead_latency_s[indices],
            overhead_energy_j=self.overhead_energy_j[indices],
            idle_w=self.idle_w[indices],
            segment_macs=self.segment_macs,
            head_macs=self.head_macs,
        )

    def scaled(self, latency: float, energy: float) -> ChainCosts:
        """The same chain, its segments and heads so many times as dear; entering a stage costs what it did."""
        return replace(
            self,
            segment_latency_s=latency * self.segment_latency_s,
            segment_energy_j=energy * self.segment_energy_j,
            head_latency_s=latency * self.head_latency_s,
            head_energy_j=energy * self.head_energy_j,
        )

    def _stage_ranges(self, mask: int) -> list[tuple[int, int]]:
        """Per stage the half-open range of segments that it runs."""
        ranges = []
        behind = 0
        for candidate in selected_candidates(mask, self.candidates).tolist():
            start_of_backbone = int(np.searchsorted(self.backbone, self.backbone[candidate]))
            ranges.append((max(behind, start_of_backbone), candidate + 1))
            behind = candidate + 1
        return ranges


def joined(parts: Sequence[ChainCosts]) -> ChainCosts:
    """The chain that runs `parts` one after the other, each starting afresh from the image.

    Raises:
        ShapeError: no part at all, or parts priced on different boards or operating points.
    """
    if not parts:
        raise ShapeError("a chain needs at least one backbone; got no costs")
    first = parts[0]
    for part in parts[1:]:
        for name in ("overhead_latency_s", "overhead_energy_j", "idle_w"):
            if not np.array_equal(getattr(part, name), getattr(first, name)):
                raise ShapeError(
                    f"the parts of a chain differ in {name}: they are of different boards or operating points",
                    to_do="price every backbone with the same cost model at the same points",
                )
    offsets = np.cumsum([0, *(int(part.backbone[-1]) + 1 for part in parts[:-1])])
    return ChainCosts(
        backbone=np.concatenate([part.backbone + offset for part, offset in zip(parts, offsets, strict=True)]),
        segment_latency_s=np.concatenate([part.segment_latency_s for part in parts]),
        segment_energy_j=np.concatenate([part.segment_energy_j for part in parts]),
        head_latency_s=np.concatenate([part.head_latency_s for part in parts]),
        head_energy_j=np.concatenate([part.head_energy_j for part in parts]),
        overhead_latency_s=first.overhead_latency_s,
        overhead_energy_j=first.overhead_energy_j,
        idle_w=first.idle_w,
        segment_macs=np.concatenate([part.segment_macs for part in parts]),
        head_macs=np.concatenate([part.head_macs for part in parts]),
    )


def _summed(block_values: FloatArray, segment_sizes: Sequence[int]) -> FloatArray:
    """Sum the rows of `block_values` (blocks, F) per segment, (segments, F); a segment may have no block."""
    bounds = np.cumsum([0, *segment_sizes])
    return np.stack([block_values[a:b].sum(axis=0) for a, b in pairwise(bounds)])
