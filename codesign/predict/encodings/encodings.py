"""The encodings by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.known_spaces import known_space

from . import counts, layers, one_hot, statistical
from .encoding import Encoding

ENCODINGS: Mapping[str, Callable[[Genes], Encoding]] = MappingProxyType(
    {
        one_hot.NAME: one_hot.one_hot,
        statistical.NAME: statistical.statistical,
        counts.FC: counts.feature_counts,
        counts.FCC: counts.combination_counts,
        layers.NAME: layers.layers,
    }
)


def encodings_for(genes: Genes) -> tuple[str, ...]:
    """The names of those that a space can have: layers only where its macro-architecture is known."""
    known = known_space(genes.names, genes.choices) is not None
    return tuple(name for name in ENCODINGS if known or name != layers.NAME)
