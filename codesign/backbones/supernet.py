"""The once-for-all supernet: one set of weights, of which every backbone of a space is a slice.

Elastic depth takes the first blocks of a stage, elastic width and expansion the first channels, elastic kernel the
middle of the largest one, elastic resolution resizes the image inside the graph (Cai et al., arXiv:1908.09791;
AttentiveNAS, arXiv:2011.09011, names the MBConv space). Batch normalisation uses the batch's own statistics here; a
slice that is cut out gets statistics of its own (`slice.recalibrate`).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from codesign.space.backbone_space import BackboneDesign, BackboneSpace

Position = tuple[int, int]  # (stage, block within it)


def activate(features: Tensor, activation: str) -> Tensor:
    """ReLU or hard swish, as the space says."""
    return functional.relu(features, inplace=True) if activation == "relu" else functional.hardswish(features)


def resize(images: Tensor, resolution: int) -> Tensor:
    """Bilinear with half-pixel centres, which is what ONNX's Resize computes; no-op at the same size."""
    if images.shape[-1] == resolution and images.shape[-2] == resolution:
        return images
    return functional.interpolate(images, size=(resolution, resolution), mode="bilinear", align_corners=False)


class ElasticConvolution(nn.Module):
    """Convolution and batch normalisation whose channels and kernel are the first and the middle of the largest."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, *, depthwise: bool = False):
        super().__init__()
        self.stride, self.depthwise = stride, depthwise
        self.weight = nn.Parameter(torch.empty(channels_out, 1 if depthwise else channels_in, kernel, kernel))
        self.scale = nn.Parameter(torch.ones(channels_out))
        self.shift = nn.Parameter(torch.zeros(channels_out))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")

    def sliced(self, channels_in: int, channels_out: int, kernel: int) -> Tensor:
        """The weight of a slice: a view, (channels_out, channels_in or 1, kernel, kernel)."""
        edge = (self.weight.shape[-1] - kernel) // 2
        inputs = 1 if self.depthwise else channels_in
        return self.weight[:channels_out, :inputs, edge : edge + kernel, edge : edge + kernel]

    def forward(self, features: Tensor, channels_out: int, kernel: int) -> Tensor:
        """(batch, channels, height, width) to (batch, channels_out, …), normalised by the batch's own statistics."""
        channels_in = features.shape[1]
        mixed = functional.conv2d(
            features,
            self.sliced(channels_in, channels_out, kernel),
            stride=self.stride,
            padding=kernel // 2,
            groups=channels_in if self.depthwise else 1,
        )
        return functional.batch_norm(
            mixed, None, None, self.scale[:channels_out], self.shift[:channels_out], training=True
        )


class ElasticBlock(nn.Module):
    """MBConv: expand, depthwise, project; a residual where shape allows."""

    def __init__(self, widest_in: int, widest_out: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        hidden = widest_in * expansion
        self.expand = ElasticConvolution(widest_in, hidden, 1)
        self.depthwise = ElasticConvolution(hidden, hidden, kernel, stride, depthwise=True)
        self.project = ElasticConvolution(hidden, widest_out, 1)

    def forward(self, features: Tensor, width: int, kernel: int, expansion: int, activation: str) -> Tensor:
        """(batch, channels, h, w) to (batch, width, h/stride, w/stride)."""
        hidden = features.shape[1] * expansion
        inner = activate(self.expand(features, hidden, 1), activation)
        inner = activate(self.depthwise(inner, hidden, kernel), activation)
        out: Tensor = self.project(inner, width, 1)
        # By stride, not by shape: a single pixel keeps its size under any stride, and a slice's graph goes by stride.
        return features + out if self.depthwise.stride == 1 and features.shape[1] == width else out


class Supernet(nn.Module):
    """All backbones of a space in one set of weights, for one list of classes."""

    def __init__(self, space: BackboneSpace, classes: int) -> None:
        super().__init__()
        self.space, self.classes = space, classes
        self.stem = ElasticConvolution(3, space.stem_width, 3, space.stem_stride)
        self.stages = nn.ModuleList()
        widest_in = space.stem_width
        for stage in space.stages:
            blocks = nn.ModuleList()
            for block in range(stage.depths[-1]):
                stride = stage.stride if block == 0 else 1
                blocks.append(
                    ElasticBlock(widest_in, stage.widths[-1], stage.expansions[-1], stage.kernels[-1], stride)
                )
                widest_in = stage.widths[-1]
            self.stages.append(blocks)
        self.last = ElasticConvolution(widest_in, space.last_width, 1)
        self.classifier = nn.Linear(space.last_width, classes)

    def block(self, stage: int, number: int) -> ElasticBlock:
        """Block `number` of stage `stage`."""
        return cast("ElasticBlock", self.get_submodule(f"stages.{stage}.{number}"))

    def features(self, images: Tensor, design: BackboneDesign) -> tuple[dict[Position, Tensor], Tensor]:
        """The output of every block, and the logits.

        Args:
            images: (batch, 3, height, width), normalised.
        Returns:
            {(stage, block): (batch, channels, h, w)} and (batch, classes).
        """
        activation = self.space.activation
        outputs: dict[Position, Tensor] = {}
        x = activate(self.stem(resize(images, design.resolution), self.space.stem_width, 3), activation)
        for number, choice in enumerate(design.stages):
            for block in range(choice.depth):
                x = self.block(number, block)(x, choice.width, choice.kernel, choice.expansion, activation)
                outputs[number, block] = x
        x = activate(self.last(x, self.space.last_width, 1), activation)
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return outputs, logits

    def forward(self, images: Tensor, design: BackboneDesign) -> Tensor:
        """Logits (batch, classes) of one slice on images (batch, 3, height, width)."""
        return self.features(images, design)[1]
