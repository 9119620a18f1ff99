"""The head of an exit: pool, depthwise-separable 3×3 convolution, batch norm, ReLU, classifier.

HADAS fixes one structure for all positions (convolution, batch norm, activation, classifier); its own 3×3 × 224 head
costs 3–16 % of a small backbone, so this one pools to about 4×4 first and is depthwise-separable and 64 wide.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from codesign.backbones.slice_onnx import GraphWriter

WIDTH = 64
POOLED_SIDE = 4


def pool_factor(side: int) -> int:
    """How much a feature map of this side is average-pooled before a head looks at it."""
    return max(1, side // POOLED_SIDE)


def pooled(features: Tensor) -> Tensor:
    """What a head looks at: (batch, channels, h, w) averaged down to about 4×4. Cheap to cache."""
    factor = pool_factor(features.shape[-1])
    small = functional.avg_pool2d(features, factor) if factor > 1 else features
    return small.contiguous()  # maps this small train 2.5 times faster channels first


class Head(nn.Module):
    """A head of one exit of one backbone; takes *pooled* features."""

    def __init__(self, channels: int, classes: int, width: int = WIDTH) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.pointwise = nn.Conv2d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width, momentum=None)
        self.classifier = nn.Linear(width, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Pooled features (batch, channels, h, w) to logits (batch, classes)."""
        x = functional.relu(self.norm(self.pointwise(self.depthwise(features))))
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits

    def write(self, writer: GraphWriter, cut: str, features: tuple[int, ...], output: str) -> None:
        """The nodes of a recalibrated head that reads unpooled features (batch, channels, h, w) at `cut`."""
        name, x, factor = f"head@{cut}", cut, pool_factor(features[-1])
        if factor > 1:
            x = writer.node("AveragePool", [x], f"{name}.pool", kernel_shape=[factor] * 2, strides=[factor] * 2)
        x = writer.convolution(x, self.depthwise, None, f"{name}.depthwise")
        x = writer.convolution(x, self.pointwise, self.norm, f"{name}.pointwise")
        x = writer.activation(x, "relu", f"{name}.act")
        writer.classifier(x, self.classifier, f"{name}.classifier", output)


class ElasticHead(nn.Module):
    """A head shared by every backbone that has a block at its position: it reads the first channels of the widest."""

    def __init__(self, widest: int, classes: int, width: int = WIDTH) -> None:
        super().__init__()
        self.full = Head(widest, classes, width)
        self.classes, self.width = classes, width

    def forward(self, features: Tensor) -> Tensor:
        """Pooled features (batch, channels ≤ widest, h, w) to logits; batch norm by the batch's own statistics."""
        channels = features.shape[1]
        depthwise, pointwise, norm = self.full.depthwise, self.full.pointwise, self.full.norm
        bias = None if depthwise.bias is None else depthwise.bias[:channels]
        x = functional.conv2d(features, depthwise.weight[:channels], bias, padding=1, groups=channels)
        x = functional.conv2d(x, pointwise.weight[:, :channels])
        x = functional.relu(functional.batch_norm(x, None, None, norm.weight, norm.bias, training=True))
        logits: Tensor = self.full.classifier(x.mean(dim=(2, 3)))
        return logits

    def sliced(self, channels: int) -> Head:
        """A head of its own for a backbone that is `channels` wide here; its batch norm wants recalibration."""
        head = Head(channels, self.classes, self.width)
        with torch.no_grad():
            head.depthwise.weight.copy_(self.full.depthwise.weight[:channels])
            if head.depthwise.bias is not None and self.full.depthwise.bias is not None:
                head.depthwise.bias.copy_(self.full.depthwise.bias[:channels])
            head.pointwise.weight.copy_(self.full.pointwise.weight[:, :channels])
            head.norm.weight.copy_(self.full.norm.weight)
            head.norm.bias.copy_(self.full.norm.bias)
            head.classifier.load_state_dict(self.full.classifier.state_dict())
        return head
