"""Networks of a space as a fit needs them: drawn, named by genes, built to be timed, their work counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import onnx

from codesign.backbones.chain_network import chain_input, chain_network
from codesign.predict.costs.genes import Genes
from codesign.predict.fitting.draws import DesignSource
from codesign.space.chain_file import chain_names, load_chain_space
from codesign.space.chain_layers import layers_of, work_of
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import ChainSpace
from codesign.space.preset import load_preset, preset_names
from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError
from runtime.contract.tensor_spec import TensorSpec
from runtime.contract.work import Work


class FitNetworks(Protocol):
    """A space to fit on. Designs are (genes,)."""

    @property
    def name(self) -> str:
        """Of the space."""
        ...

    @property
    def genes(self) -> Genes:
        """With every value that they can take."""
        ...

    @property
    def source(self) -> DesignSource:
        """Draws designs."""
        ...

    @property
    def input(self) -> TensorSpec:
        """What a network takes."""
        ...

    def network(self, design: IntArray) -> onnx.ModelProto:
        """The graph with random weights: what is timed does not depend on them."""
        ...

    def works(self, design: IntArray) -> list[Work]:
        """Piece by piece."""
        ...

    def decisive(self) -> dict[str, Any]:
        """All that decides what the networks are, as JSON."""
        ...

    def provenance(self) -> Mapping[str, str]:
        """The same in short, for a predictor's file."""
        ...


@dataclass(frozen=True)
class ChainNetworks:
    """Those of a space of chains."""

    space: ChainSpace

    @property
    def name(self) -> str:
        """Of the space."""
        return self.space.name

    @property
    def genes(self) -> Genes:
        """Kernels, expansions, depths."""
        return Genes.named(self.space.gene_names, values=self.space.gene_values)

    @cached_property
    def source(self) -> ChainSampler:
        """Draws designs."""
        return ChainSampler(self.space)

    @property
    def input(self) -> TensorSpec:
        """RGB of the space's side."""
        return chain_input(self.space)

    def network(self, design: IntArray) -> onnx.ModelProto:
        """See `chain_network`."""
        return chain_network(self.space, design)

    def works(self, design: IntArray) -> list[Work]:
        """Layer by layer."""
        layers = layers_of(self.space, design)
        return [work_of(layer, layers, self.space.side) for layer in layers]

    def decisive(self) -> dict[str, Any]:
        """The space."""
        return asdict(self.space)

    def provenance(self) -> Mapping[str, str]:
        """Its name."""
        return {"space": self.space.name}


def fit_networks(name_or_file: str, image: tuple[int, int], classes: int) -> FitNetworks:
    """A space of chains or of a supernet, by name or from a TOML file.

    Args:
        image: height and width [pixels] that a supernet's backbones take; a space of chains says its own.
        classes: likewise, that they tell apart.
    Raises:
        ConfigError: an unknown name, key or value.
    """
    if is_supernet(name_or_file):
        from .fit_supernet import SupernetNetworks  # torch takes seconds, and spaces of chains need none

        return SupernetNetworks(load_preset(name_or_file).space, image, classes)
    try:
        return ChainNetworks(load_chain_space(name_or_file))
    except ConfigError as error:
        if name_or_file.endswith(".toml"):
            raise
        known = ", ".join((*chain_names(), *preset_names()))
        raise ConfigError(error.what, where=error.where, to_do=f"use {known}, or a .toml file") from error


def is_supernet(name_or_file: str) -> bool:
    """Whether this names or describes a supernet's space; what cannot be read is left to whoever reads it whole."""
    if name_or_file in preset_names():
        return True
    path = Path(name_or_file)
    if path.suffix != ".toml" or not path.is_file():
        return False
    return "[[stages]]" in path.read_text(encoding="utf-8", errors="replace")
