"""Backbones of a supernet's space as a fit needs them: each alone, without exits, with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import onnx
import torch

from codesign.backbones.onnx_work import works_of
from codesign.backbones.slice import BackboneSlice
from codesign.backbones.slice_onnx import LOGITS, cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.predict.accuracy.supernet_genes import supernet_genes
from codesign.predict.costs.genes import Genes
from codesign.space.backbone_sampling import BackboneSampler
from codesign.space.backbone_space import BackboneDesign, BackboneSpace
from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import json_sha256
from runtime.contract.tensor_spec import TensorSpec
from runtime.contract.work import Work


@dataclass(frozen=True)
class SupernetNetworks:
    """Those of one space for images of one size. Raises ConfigError on a size or a number of classes below 1."""

    space: BackboneSpace
    image: tuple[int, int]  # height and width in pixels, before the graph resizes them
    classes: int

    def __post_init__(self) -> None:
        if min(self.image) < 1 or self.classes < 1:
            raise ConfigError(f"images of {self.image} pixels in {self.classes} classes: all must be at least 1")

    @property
    def name(self) -> str:
        """Of the space."""
        return self.space.name

    @cached_property
    def genes(self) -> Genes:
        """Resolution, then those of each stage."""
        return supernet_genes(self.space)

    @cached_property
    def source(self) -> BackboneSampler:
        """Draws designs."""
        return BackboneSampler(self.space)

    @property
    def input(self) -> TensorSpec:
        """RGB scaled to -1…1."""
        return TensorSpec(*self.image, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    def network(self, design: IntArray) -> onnx.ModelProto:
        """The graph of a slice, as the search makes it of a trained supernet. Raises ConfigError on another space's."""
        return slice_to_onnx(self._slice(design), *self.image, self.classes)

    def works(self, design: IntArray) -> list[Work]:
        """Block by block, as the search counts it."""
        network = self._slice(design)
        blocks = [cut_name(*position) for position in network.positions]
        return list(works_of(slice_to_onnx(network, *self.image, self.classes), [*blocks, LOGITS]))

    def decisive(self) -> dict[str, Any]:
        """Space, image and classes."""
        return asdict(self.space) | {"image": list(self.image), "classes": self.classes}

    def provenance(self) -> Mapping[str, str]:
        """What a search must agree with before it believes the predictor."""
        height, width = self.image
        return {
            "space": self.space.name,
            "space_sha256": json_sha256(asdict(self.space)),
            "image": f"{height}x{width}",
            "classes": str(self.classes),
        }

    def _slice(self, design: IntArray) -> BackboneSlice:
        with torch.random.fork_rng():  # a slice's layers are initialised before they are filled
            return BackboneSlice(self._supernet, self._decoded(design)).eval()

    def _decoded(self, design: IntArray) -> BackboneDesign:
        """Genes' values to a backbone."""
        choices = self.space.gene_choices
        if design.shape != (len(choices),):
            raise ConfigError(f"a design of space {self.name!r} has {len(choices)} genes, got shape {design.shape}")
        for name, value, values in zip(self.genes.names, design.tolist(), choices, strict=True):
            if value not in values:
                raise ConfigError(f"{name}={value} is not in space {self.name!r}, which offers {values} there")
        indices = [values.index(value) for value, values in zip(design.tolist(), choices, strict=True)]
        return self.space.decode(torch.tensor(indices).numpy())

    @cached_property
    def _supernet(self) -> Supernet:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return Supernet(self.space, self.classes)
