"""Features from the shapes of a network's layers: work, traffic and launches, per stage, per kind and in all.

Only where the macro-architecture is known (see space_work). Beside the sums stand the times of four boards that do so
many multiply-accumulates while they move one value, each layer bound by the slower of the two (the roofline). Work and
traffic are in millions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import LayerWorks
from codesign.predict.costs.space_work import layer_works, prunable
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

NAME = "layers"
BALANCES = (3, 10, 30, 100)  # multiply-accumulates per value moved
MILLION = 1e6
BLOCK = 4096  # designs at a time, which bounds the memory


@dataclass(frozen=True, slots=True)
class Layers:
    """Sums over layers; in spaces of cells a second time without the operations that have no effect."""

    genes: Genes
    columns: tuple[str, ...]
    name: str = NAME

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features)."""
        self.genes.check(designs)
        blocks = np.array_split(designs, range(BLOCK, len(designs), BLOCK))
        return np.concatenate([_features(self.genes, block) for block in blocks])


def layers(genes: Genes) -> Layers:
    """The encoding of a space. Raises ConfigError where its layers are not known."""
    example = _works(genes, np.zeros((1, len(genes.names)), dtype=np.int64), pruned=False)
    names = [f"{what} of {part}" for part in _parts(example)[0] for what in ("work", "traffic", "weights", "launches")]
    names += [f"time at {balance} per value" for balance in BALANCES]
    return Layers(genes, (*names, *(f"{name}, live" for name in names if prunable(genes))))


def _features(genes: Genes, designs: IntArray) -> FloatArray:
    parts = [_sums(genes, designs, pruned=False)]
    if prunable(genes):
        parts.append(_sums(genes, designs, pruned=True))
    return np.concatenate(parts, axis=1)


def _sums(genes: Genes, designs: IntArray, *, pruned: bool) -> FloatArray:
    works = _works(genes, designs, pruned=pruned)
    of_layer = _parts(works)[1]
    values = works.input_values + works.output_values
    sums = np.stack(
        [
            works.macs / MILLION @ of_layer,
            values / MILLION @ of_layer,
            works.weights / MILLION @ of_layer,
            works.times @ of_layer,
        ],
        axis=2,
    ).reshape(len(designs), -1)
    moved = values + works.weights
    times = [np.maximum(works.macs, balance * moved).sum(axis=1) / MILLION for balance in BALANCES]
    return np.concatenate([sums, np.stack(times, axis=1)], axis=1)


def _works(genes: Genes, designs: IntArray, *, pruned: bool) -> LayerWorks:
    works = layer_works(genes, designs, pruned=pruned)
    if works is None:
        raise ConfigError(
            "the layers around these genes are not known",
            to_do="choose another encoding: fcc, fc, one-hot, statistical",
        )
    return works


def _parts(works: LayerWorks) -> tuple[list[str], FloatArray]:
    """What is summed up, and (layers, parts): whether a layer belongs to it."""
    units, kinds = sorted(set(works.units)), sorted(set(works.kinds))
    names = ["the ends" if unit < 0 else f"unit {unit}" for unit in units] + [*kinds, "all"]
    belongs = [[of == unit for of in works.units] for unit in units]
    belongs += [[of == kind for of in works.kinds] for kind in kinds] + [[True] * len(works.kinds)]
    return names, np.array(belongs, dtype=np.float64).T
