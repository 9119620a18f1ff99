"""One backbone cut out of the supernet, with batch-norm statistics of its own."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from codesign.space.backbone_space import BackboneDesign

from .supernet import ElasticConvolution, Position, Supernet, activate, resize


class Convolution(nn.Module):
    """A slice's convolution and batch normalisation."""

    def __init__(self, elastic: ElasticConvolution, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__()
        groups = channels_in if elastic.depthwise else 1
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, elastic.stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(channels_out, momentum=None)  # None: the mean over all calibration batches
        with torch.no_grad():
            self.conv.weight.copy_(elastic.sliced(channels_in, channels_out, kernel))
            self.norm.weight.copy_(elastic.scale[:channels_out])
            self.norm.bias.copy_(elastic.shift[:channels_out])

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels_in, h, w) to (batch, channels_out, h/stride, w/stride)."""
        out: Tensor = self.norm(self.conv(features))
        return out


class Block(nn.Module):
    """A slice's MBConv block."""

    def __init__(self, expand: Convolution, depthwise: Convolution, project: Convolution, activation: str) -> None:
        super().__init__()
        self.expand, self.depthwise, self.project, self.activation = expand, depthwise, project, activation

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        same = self.expand.conv.in_channels == self.project.conv.out_channels
        return same and self.depthwise.conv.stride == (1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels, h, w) to (batch, width, h/stride, w/stride)."""
        inner = activate(self.expand(features), self.activation)
        out: Tensor = self.project(activate(self.depthwise(inner), self.activation))
        return features + out if self.residual else out


class BackboneSlice(nn.Module):
    """A static network: what becomes ONNX. Call `recalibrate` before using it in `eval` mode."""

    def __init__(self, supernet: Supernet, design: BackboneDesign) -> None:
        super().__init__()
        space = supernet.space
        self.design, self.activation = design, space.activation
        self.stem = Convolution(supernet.stem, 3, space.stem_width, 3)
        self.blocks = nn.ModuleList()
        self.positions: list[Position] = []
        width = space.stem_width
        for number, choice in enumerate(design.stages):
            for block in range(choice.depth):
                elastic = supernet.block(number, block)
                hidden = width * choice.expansion
                self.blocks.append(
                    Block(
                        Convolution(elastic.expand, width, hidden, 1),
                        Convolution(elastic.depthwise, hidden, hidden, choice.kernel),
                        Convolution(elastic.project, hidden, choice.width, 1),
                        space.activation,
                    )
                )
                self.positions.append((number, block))
                width = choice.width
        self.last = Convolution(supernet.last, width, space.last_width, 1)
        self.classifier = nn.Linear(space.last_width, supernet.classes)
        self.classifier.load_state_dict(supernet.classifier.state_dict())

    @property
    def blocks_in_order(self) -> list[Block]:
        """The block of each of `positions`."""
        return [block for block in self.blocks if isinstance(block, Block)]

    def features(self, images: Tensor) -> tuple[dict[Position, Tensor], Tensor]:
        """{(stage, block): (batch, channels, h, w)} and logits (batch, classes) of images (batch, 3, height, width)."""
        outputs: dict[Position, Tensor] = {}
        x = activate(self.stem(resize(images, self.design.resolution)), self.activation)
        for position, block in zip(self.positions, self.blocks, strict=True):
            x = block(x)
            outputs[position] = x
        x = activate(self.last(x), self.activation)
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return outputs, logits

    def forward(self, images: Tensor) -> Tensor:
        """Logits (batch, classes)."""
        return self.features(images)[1]


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch-norm layer the mean statistics of these input batches, and leave the network in eval mode.

    A slice of a supernet is useless without this: its activations have other statistics than any other slice's.
    Raises ValueError where there are no batches.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    network.train()
    any_seen = False
    for batch in batches:
        network(batch)
        any_seen = True
    network.eval()
    if not any_seen:
        raise ValueError("batch normalisation cannot be recalibrated on no images")
