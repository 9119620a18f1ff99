"""Sums over a network's layers, as inputs of the models that know what a layer does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import LayerWorks
from codesign.predict.costs.space_work import layer_works
from codesign.predict.encodings.layers import NAME
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

MILLION = 1e6
Sums = Callable[[LayerWorks], dict[str, FloatArray]]  # by name, (n,) each


@dataclass(frozen=True, slots=True)
class LayerSums:
    """An encoding."""

    genes: Genes
    sums: Sums
    columns: tuple[str, ...]
    name: str = NAME

    def features(self, designs: IntArray) -> FloatArray:
        """(n, columns)."""
        return np.stack(list(self.sums(_works(self.genes, designs)).values()), axis=1)


def layer_sums(genes: Genes, sums: Sums) -> LayerSums:
    """The encoding of a space. Raises ConfigError where its layers are not known."""
    example = _works(genes, np.zeros((1, len(genes.names)), dtype=np.int64))
    return LayerSums(genes, sums, tuple(sums(example)))


def work_and_traffic(works: LayerWorks) -> dict[str, FloatArray]:
    """Millions of multiply-accumulates, and of numbers read and written."""
    return {
        "macs": works.macs.sum(axis=1) / MILLION,
        "read": (works.input_values + works.weights).sum(axis=1) / MILLION,
        "written": works.output_values.sum(axis=1) / MILLION,
    }


def _works(genes: Genes, designs: IntArray) -> LayerWorks:
    works = layer_works(genes, designs)
    if works is None:
        raise ConfigError(
            "the layers around these genes are not known", to_do="choose a model that does without: ridge, lookup, mlp"
        )
    return works
