"""A pool of networks measured once, from which any sampling strategy can be replayed.

Run `python -m tests.bench.esm_pool --out FOLDER` to measure one on this machine, through the measurement path that
`codesign fit --measure local` takes; it writes `FOLDER/pool.npz` and can be interrupted and run again.
"""

from __future__ import annotations

import argparse
from collections import deque
from pathlib import Path

import numpy as np

from codesign.predict.costs.cost_table import CostTable, write_cost_table
from codesign.predict.fitting.journal import TRAIN, Batch
from codesign.predict.fitting.measurer import Readings, Tick
from codesign.predict.fitting.quality_control import Batches
from codesign.predict.fitting.rules import LoopRules
from codesign.space.chain_file import load_chain_space
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import ChainSpace
from codesign.walk.fit_folder import cost_table
from codesign.walk.fit_journal import open_journal
from codesign.walk.fit_measured import LATENCY, MeasuredCosts
from codesign.walk.fit_networks import ChainNetworks
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError
from runtime.contract.kind import Kind
from runtime.measure.plan import Quality, WarmUp

NEAR = 2  # blocks that a design may differ from the depth asked for, where the pool has no more of that depth
PASSES, RUNS, KEEP, AGREE = 3, 40, 0.2, 0.05
QUICK = {  # for a machine that is shared: short, often, and the lowest of the passes that another confirms
    "runs": RUNS,
    "keep": KEEP,
    "warm_up": WarmUp(3, 0.0, 0.0, 0.5, 0.5, 1.0),
    "quality": Quality(every=25, max_spread=AGREE, attempts=1),
}


class PoolSource:
    """Designs of a pool, each once: depths as the space has them, designs of a depth as they were drawn for it."""

    def __init__(self, space: ChainSpace, designs: IntArray, seed: int) -> None:
        self._sampler = ChainSampler(space)
        order = np.random.default_rng(seed).permutation(len(designs))
        self._left: dict[int, deque[IntArray]] = {
            depth: deque() for depth in range(space.depths[0], space.depths[1] + 1)
        }
        for design, depth in zip(designs[order], space.depth(designs[order]), strict=True):
            self._left[int(depth)].append(design)

    @property
    def depths(self) -> tuple[int, int]:
        """Fewest and most blocks."""
        return self._sampler.depths

    def depth(self, designs: IntArray) -> IntArray:
        """Blocks of each network, (n,)."""
        return self._sampler.depth(designs)

    def draw(self, rng: np.random.Generator) -> IntArray:
        """The next design of a depth drawn as the space has it."""
        return self.draw_of_depth(int(self.depth(self._sampler.draw(rng)[None])[0]), rng)

    def draw_of_depth(self, depth: int, rng: np.random.Generator) -> IntArray:
        """The next design of that depth, or of the nearest within NEAR. Raises DataError where there is none."""
        del rng
        near = [depth + sign * away for away in range(NEAR + 1) for sign in (-1, 1)]
        for other in near:
            if self._left.get(other):
                return self._left[other].popleft()
        raise DataError(f"the pool has no more designs of about {depth} blocks", to_do="measure a larger pool")


class PoolCosts:
    """A Measurer that looks costs up."""

    kind = Kind.MEASURED

    def __init__(self, table: CostTable) -> None:
        self.hardware = table.device_names[0]
        self._costs = {
            genome.astype(np.int64).tobytes(): float(cost)
            for genome, cost in zip(table.genome, table.latency_s[0], strict=True)
        }

    def measure(self, designs: IntArray, references: IntArray, batch: int, attempt: int, tick: Tick) -> Readings:
        """What was measured; never noisy, since noisy designs are in no pool."""
        del batch, attempt, tick
        costs, of_references = (
            np.array([self._costs[design.astype(np.int64).tobytes()] for design in some])
            for some in (designs, references)
        )
        return Readings(costs, costs, np.zeros(len(costs), dtype=bool), of_references)


def pool_designs(space: ChainSpace, natural: int, least: int, seed: int) -> IntArray:
    """So many as the space has them, more of each depth until there are `least`, all different, in mixed order."""
    sampler, rng = ChainSampler(space), np.random.default_rng(seed)
    found = [sampler.draw(rng) for _ in range(natural)]
    counts = np.bincount(space.depth(np.stack(found)), minlength=space.depths[1] + 1)
    for depth in range(space.depths[0], space.depths[1] + 1):
        found += [sampler.draw_of_depth(depth, rng) for _ in range(max(0, least - int(counts[depth])))]
    different = np.unique(np.stack(found), axis=0)
    return different[rng.permutation(len(different))]


def measured_pool(space: ChainSpace, designs: IntArray, folder: Path, rules: LoopRules) -> tuple[Batch, ...]:
    """Measure what the folder's journal does not hold yet."""
    sampler, rng = ChainSampler(space), np.random.default_rng(rules.seed + 1)
    references = np.stack([sampler.draw(rng) for _ in range(rules.references)])
    measurer = MeasuredCosts(ChainNetworks(space), MeasureTarget(), LATENCY, folder / "measure", PASSES, QUICK)
    with open_journal(folder / "pool.jsonl", {"space": space.name, "designs": len(designs)}) as journal:
        batches = Batches(measurer, references, rules, journal, lambda *_: None, print)
        for first in range(0, len(designs), rules.batch):
            (batch,) = batches.measured(designs[first : first + rules.batch], TRAIN)
            print(f"{first + len(batch.designs)} of {len(designs)}, {batch.noisy.sum()} of the batch noisy", flush=True)
        return journal.batches()


def main() -> None:
    """Measure a pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--space", default="mobilenetv3")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--natural", type=int, default=580)
    parser.add_argument("--least", type=int, default=16)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    space = load_chain_space(args.space)
    rules = LoopRules(batch=50, references=3, attempts=1, seed=1)
    batches = measured_pool(space, pool_designs(space, args.natural, args.least, rules.seed), args.out, rules)
    write_cost_table(args.out / "pool.npz", cost_table(ChainNetworks(space), batches, LATENCY))


if __name__ == "__main__":
    main()
