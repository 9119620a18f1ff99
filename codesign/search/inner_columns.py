"""Expected cost of every design as one matrix product: how often each piece runs (rows) times what it costs (columns).

Within one backbone a sample runs a prefix. So count, for each candidate, the samples whose run of its backbone stops
there ("stop", priced at the whole prefix, its head and the stage's overhead) and those that pay its head and run on in
the same backbone ("pass", priced at head and overhead alone). Both counts are never negative; hence an operating point
whose prices are all at least another's can be dropped for every design without error. Pricing prefixes instead of
segments makes that test stronger: a point may be slower in one segment if it is not so over the prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError

from .chain_costs import ChainCosts
from .exit_sets import AllSets, ExitSets, NoSet

BLOCK_POINTS = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each candidate's two counts stand in a row, and which exits come behind it in its backbone."""

    candidates: int
    passing_candidates: IntArray  # (c - backbones,): all but the ends, of which nobody runs on in the same backbone
    behind: (
        IntArray  # (c,) bit mask of the candidates behind each one in its backbone, the last candidate's bit included
    )
    sets: ExitSets  # which sets of early candidates the tables of passing samples hold

    @property
    def rows(self) -> int:
        """Entries per design: stop counts, then pass counts."""
        return self.candidates + self.passing_candidates.size


def layout_of(backbone: IntArray, sets: ExitSets | None = None) -> Layout:
    """The layout for candidates of the given backbones (c,); tables hold all sets unless others are given."""
    candidates = backbone.size
    is_end = np.append(backbone[1:] != backbone[:-1], True)
    behind = np.zeros(candidates, dtype=np.int64)
    for candidate in range(candidates):
        later = np.flatnonzero(backbone == backbone[candidate])
        behind[candidate] = sum(1 << int(index) for index in later if index > candidate)
    return Layout(candidates, np.flatnonzero(~is_end), behind, AllSets(candidates - 1) if sets is None else sets)


def prices(layout: Layout, costs: ChainCosts, kind: str) -> FloatArray:
    """What one sample pays per stop and per pass, (layout.rows, F); `kind` is "latency_s" or "energy_j"."""
    segment, head = getattr(costs, f"segment_{kind}"), getattr(costs, f"head_{kind}")
    with_overhead = head + getattr(costs, f"overhead_{kind}")
    prefix = np.concatenate([segment[costs.backbone == number].cumsum(axis=0) for number in np.unique(costs.backbone)])
    return np.concatenate([prefix + with_overhead, with_overhead[layout.passing_candidates]])


def stop_and_pass_counts(layout: Layout, passing: IntArray, masks: IntArray, offsets: IntArray | int = 0) -> FloatArray:
    """How many samples stop at and pass each candidate, (layout.rows, masks).

    Args:
        passing: (sets,) samples that no exit of a set takes. Several such tables may follow each other.
        masks: (masks,).
        offsets: where in `passing` the table of each mask begins, (masks,) or the same for all.
    Raises:
        ShapeError: the table holds other sets than the layout says.
    """
    if passing.size % layout.sets.size:
        raise ShapeError(f"a table of {layout.sets.size} sets of exits is needed, got {passing.size} entries")
    last_bit = 1 << (layout.candidates - 1)
    kept = masks | last_bit
    counts = np.zeros((layout.rows, masks.size), dtype=np.float64)
    pass_row = dict(zip(layout.passing_candidates.tolist(), range(layout.candidates, layout.rows), strict=True))
    places = layout.sets.places(masks)
    after = passing[offsets + next(places)]
    for candidate in range(layout.candidates):
        is_kept = (kept >> candidate & 1).astype(np.int32)
        before, after = after, after if candidate == layout.candidates - 1 else passing[offsets + next(places)]
        reached = before * is_kept
        if candidate in pass_row:
            runs_on = is_kept * ((kept & layout.behind[candidate]) != 0)
            passed = after * runs_on
            counts[pass_row[candidate]] = passed
            reached = reached - passed
        counts[candidate] = reached
    return counts


def full_depth_counts(layout: Layout, masks: IntArray) -> FloatArray:
    """What a sample that no early exit takes stops at and passes, (layout.rows, masks)."""
    nobody_leaves = replace(layout, sets=NoSet(layout.candidates - 1))
    return stop_and_pass_counts(nobody_leaves, np.ones(1, dtype=np.int32), masks)


def undominated_points(columns: FloatArray) -> IntArray:
    """Operating points that no other one undercuts in every price, rising, (kept,); the first of equal ones is kept.

    Args:
        columns: (prices, F): stack energy prices over latency prices where both matter.
    """
    values = np.ascontiguousarray(columns.T)
    order = np.lexsort((np.arange(len(values)), values.sum(axis=1)))
    kept: FloatArray = np.zeros((0, values.shape[1]))
    kept_index: list[int] = []
    for start in range(0, order.size, BLOCK_POINTS):
        block = order[start : start + BLOCK_POINTS]
        block = block[~_undercut(values[block], kept)]
        # Among themselves: only a point with no larger sum, hence an earlier one, can undercut.
        among = (values[block][None] <= values[block][:, None]).all(axis=2)
        block = block[~np.tril(among, k=-1).any(axis=1)]
        kept_index.extend(block.tolist())
        kept = values[kept_index]
    return np.sort(np.asarray(kept_index, dtype=np.int64))


def _undercut(points: FloatArray, others: FloatArray) -> BoolArray:
    """Which of `points` (n, prices) some row of `others` (k, prices) undercuts or equals in every price, (n,)."""
    undercut: BoolArray = np.ones((len(points), len(others)), dtype=np.bool_)
    for price in range(points.shape[1]):  # a loop over prices keeps the intermediate small enough for the cache
        undercut &= others[:, price] <= points[:, price, None]
    return np.asarray(undercut.any(axis=1))
