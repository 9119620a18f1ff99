"""One head per candidate position of the supernet, shared by all its backbones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from codesign.backbones.slice import BackboneSlice
from codesign.backbones.supernet import Position
from codesign.space.backbone_space import BackboneSpace, exit_positions

from .head import ElasticHead, Head, pooled


def _key(position: Position) -> str:
    return f"{position[0]}_{position[1]}"


class SharedHeads(nn.Module):
    """An elastic head for every position that any backbone of the space may offer."""

    def __init__(self, space: BackboneSpace, classes: int) -> None:
        super().__init__()
        self.space = space
        self.heads = nn.ModuleDict()
        for stage, choices in enumerate(space.stages):
            for block in range(choices.depths[-1]):
                self.heads[_key((stage, block))] = ElasticHead(choices.widths[-1], classes)

    def forward(self, features: dict[Position, Tensor]) -> dict[Position, Tensor]:
        """Logits (batch, classes) of each position's unpooled features (batch, channels, h, w)."""
        return {position: self.heads[_key(position)](pooled(tensor)) for position, tensor in features.items()}

    def head_for(self, position: Position, channels: int) -> Head:
        """A head of its own for one backbone, to be recalibrated."""
        elastic = self.heads[_key(position)]
        if not isinstance(elastic, ElasticHead):
            raise TypeError(f"position {position} holds a {type(elastic).__name__}")
        return elastic.sliced(channels)


class ExitedSlice(nn.Module):
    """A backbone slice and a head at each of its exit positions."""

    def __init__(self, backbone: BackboneSlice, heads: SharedHeads) -> None:
        super().__init__()
        self.backbone = backbone
        self.positions = exit_positions(heads.space, backbone.design)
        widths = {p: backbone.design.stages[p[0]].width for p in self.positions}
        self.heads = nn.ModuleList(heads.head_for(position, widths[position]) for position in self.positions)

    @property
    def heads_in_order(self) -> list[Head]:
        """The head of each of `positions`."""
        return [head for head in self.heads if isinstance(head, Head)]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (exits + 1, batch, classes) of images (batch, 3, height, width); the final classifier's come last."""
        features, logits = self.backbone.features(images)
        exits = [head(pooled(features[p])) for p, head in zip(self.positions, self.heads, strict=True)]
        return torch.stack([*exits, logits])

    @torch.no_grad()
    def pooled_features(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """What the heads look at, one (batch, channels, ~4, ~4) per exit, and the final logits (batch, classes)."""
        features, logits = self.backbone.features(images)
        return [pooled(features[position]) for position in self.positions], logits
