"""The field's single-board models by name, and which encodings each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Predictor
from codesign.predict.encodings import counts, layers, one_hot, statistical
from codesign.predict.encodings.encodings import encodings_for

from . import boosting, eyeriss, flops, gp, lookup, mlp, neuralpower, paleo, ridge

ANY = (counts.FCC, counts.FC, one_hot.NAME, statistical.NAME, layers.NAME)
COUNTED = (counts.FCC, counts.FC, one_hot.NAME)  # that say how often a block is there, so that a table can list them
SHAPES = (layers.NAME,)  # models that sum over layers what they know of them, which only some spaces tell


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A model, for any space that can have one of its encodings."""

    name: str
    encodings: tuple[str, ...]
    make: Callable[[Genes, str], Predictor]  # of genes and an encoding's name


MODELS: Mapping[str, ModelKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ModelKind(flops.NAME, SHAPES, lambda genes, _: flops.flops(genes)),
            ModelKind(paleo.NAME, SHAPES, lambda genes, _: paleo.paleo(genes)),
            ModelKind(eyeriss.NAME, SHAPES, lambda genes, _: eyeriss.eyeriss(genes)),
            ModelKind(neuralpower.NAME, SHAPES, lambda genes, _: neuralpower.neural_power(genes)),
            ModelKind(lookup.NAME, COUNTED, lookup.lookup),
            ModelKind(ridge.NAME, ANY, ridge.ridge),
            ModelKind(gp.NAME, ANY, gp.gp),
            ModelKind(boosting.NAME, ANY, boosting.boosting),
            ModelKind(mlp.NAME, ANY, mlp.mlp),
        )
    }
)


def pairs_for(genes: Genes) -> tuple[tuple[str, str], ...]:
    """Every model with every encoding that it takes and that the space can have."""
    possible = encodings_for(genes)
    return tuple((kind.name, name) for kind in MODELS.values() for name in kind.encodings if name in possible)
