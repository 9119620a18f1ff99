"""Heads for networks that were never trained to have any: what a frozen early feature lacks, the head must bring.

A frozen network's early features were not made to classify. With one small convolution an exit at a quarter of
ResNet-20 is right on 50 % of CIFAR-10; with an entry and two residual depthwise-separable blocks, on 73 %, for 5 % of
the network's work. Near the end the same head would cost as much as finishing, so there is a light one too.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from codesign.backbones.slice_onnx import GraphWriter
from runtime.contract.errors import ConfigError

WIDEST_MAP = 16  # larger maps are average-pooled to about this before anything else
STRIDED_FROM = 12  # maps at least this wide are halved by the entry
DENSE_INPUTS = 32  # up to so many channels a full 3×3 entry is worth its price
MIN_WIDTH, MAX_WIDTH = 96, 256
BLOCKS = {"light": 0, "deep": 2}


@dataclass(frozen=True, slots=True)
class HeadShape:
    """What a head reads and how it is built."""

    kind: str  # light or deep
    channels: int
    side: int  # of the map it reads; 0: tokens (batch, tokens, channels)
    classes: int
    channels_last: bool = False  # maps as (batch, height, width, channels)

    @property
    def width(self) -> int:
        """Channels inside."""
        return min(max(MIN_WIDTH, self.channels), MAX_WIDTH)

    @property
    def pool(self) -> int:
        """How much the map is averaged down first."""
        return max(1, self.side // WIDEST_MAP)

    @property
    def stride(self) -> int:
        """Of the entry."""
        return 2 if self.side // self.pool >= STRIDED_FROM else 1


def head_shape(kind: str, features: tuple[int, ...], classes: int) -> HeadShape:
    """The head of a kind for features of a shape, batch included: maps or (1, tokens, channels).

    Maps are (1, channels, h, w), or (1, h, w, channels) where only these can be square, as windowed transformers and
    networks made for TensorFlow have them.

    Raises:
        ConfigError: features of another rank.
    """
    if len(features) == 4:
        _, one, two, three = features
        if one == two != three:
            return HeadShape(kind, three, one, classes, channels_last=True)
        return HeadShape(kind, one, min(two, three), classes)
    if len(features) == 3:
        return HeadShape(kind, features[2], 0, classes)
    raise ConfigError(f"no head reads features of shape {features}", to_do="cut where features are maps or tokens")


class DeepHead(nn.Module):
    """Features as the network makes them to logits (batch, classes)."""

    def __init__(self, shape: HeadShape) -> None:
        super().__init__()
        self.shape = shape
        width, channels = shape.width, shape.channels
        self.blocks = nn.ModuleList()
        if shape.side == 0:
            self.entry: nn.Module = nn.Linear(channels, width)
            self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(BLOCKS[shape.kind]))
        else:
            self.entry = (
                Convolved(channels, width, stride=shape.stride)
                if channels <= DENSE_INPUTS
                else Separable(channels, width, stride=shape.stride)
            )
            self.blocks.extend(Separable(width, width) for _ in range(BLOCKS[shape.kind]))
        self.classifier = nn.Linear(width, shape.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Features as `head_shape` says to (batch, classes)."""
        if self.shape.channels_last:
            features = features.permute(0, 3, 1, 2)
        if self.shape.side == 0:
            x = functional.relu(self.entry(features.mean(dim=1)))
            for layer in self.hidden:
                x = functional.relu(x + layer(x))
        else:
            pool = self.shape.pool
            x = functional.relu(self.entry(functional.avg_pool2d(features, pool) if pool > 1 else features))
            for block in self.blocks:
                x = functional.relu(x + block(x))
            x = x.mean(dim=(2, 3))
        logits: Tensor = self.classifier(x)
        return logits

    def write(self, writer: GraphWriter, cut: str, features: tuple[int, ...], output: str) -> None:
        """The same as nodes that read the tensor `cut` and make `output`; batch norms are folded.

        Raises:
            ConfigError: `features`, the shape of that tensor, is not the one this head was made for.
        """
        if head_shape(self.shape.kind, features, self.shape.classes) != self.shape:
            raise ConfigError(f"a head for {self.shape} cannot read features of shape {features} at {cut!r}")
        name = f"head@{cut}"
        x = self._write_tokens(writer, cut, name) if self.shape.side == 0 else self._write_maps(writer, cut, name)
        weight = writer.weight(f"{name}.classifier.weight", self.classifier.weight.detach().numpy())
        bias = writer.weight(f"{name}.classifier.bias", self.classifier.bias.detach().numpy())
        writer.node("Gemm", [x, weight, bias], f"{name}.classifier", output, transB=1)

    def _write_maps(self, writer: GraphWriter, cut: str, name: str) -> str:
        x, pool = cut, self.shape.pool
        if self.shape.channels_last:
            x = writer.node("Transpose", [x], f"{name}.turned", perm=[0, 3, 1, 2])
        if pool > 1:
            x = writer.node("AveragePool", [x], f"{name}.pool", kernel_shape=[pool] * 2, strides=[pool] * 2)
        x = writer.activation(_written(self.entry, writer, x, f"{name}.entry"), "relu", f"{name}.entry.act")
        for number, block in enumerate(self.blocks):
            inner = _written(block, writer, x, f"{name}.{number}")
            x = writer.activation(
                writer.node("Add", [x, inner], f"{name}.{number}.add"), "relu", f"{name}.{number}.act"
            )
        pooled = writer.node("GlobalAveragePool", [x], f"{name}.mean")
        return writer.node("Flatten", [pooled], f"{name}.flat", axis=1)

    def _write_tokens(self, writer: GraphWriter, cut: str, name: str) -> str:
        def linear(x: str, layer: nn.Module, name: str) -> str:
            if not isinstance(layer, nn.Linear):
                raise TypeError(f"{name} is a {type(layer).__name__}")
            weight = writer.weight(f"{name}.weight", layer.weight.detach().numpy())
            bias = writer.weight(f"{name}.bias", layer.bias.detach().numpy())
            return writer.node("Gemm", [x, weight, bias], name, transB=1)

        # A mean over tokens as a global average pool: the axes of ReduceMean moved from an attribute to an input.
        turned = writer.node("Transpose", [cut], f"{name}.turned", perm=[0, 2, 1])
        pooled = writer.node("GlobalAveragePool", [turned], f"{name}.mean")
        x = writer.node("Flatten", [pooled], f"{name}.flat", axis=1)
        x = writer.activation(linear(x, self.entry, f"{name}.entry"), "relu", f"{name}.entry.act")
        for number, layer in enumerate(self.hidden):
            inner = writer.node("Add", [x, linear(x, layer, f"{name}.{number}")], f"{name}.{number}.add")
            x = writer.activation(inner, "relu", f"{name}.{number}.act")
        return x


class Convolved(nn.Module):
    """A full 3×3 convolution with batch norm."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) to (batch, width, h / stride, w / stride)."""
        convolved: Tensor = self.norm(self.convolution(x))
        return convolved


class Separable(nn.Module):
    """A depthwise and a pointwise convolution, each with batch norm."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) to (batch, width, h / stride, w / stride)."""
        inner = functional.relu(self.depthwise_norm(self.depthwise(x)))
        mixed: Tensor = self.norm(self.pointwise(inner))
        return mixed


def _written(layer: nn.Module, writer: GraphWriter, x: str, name: str) -> str:
    if isinstance(layer, Convolved):
        return writer.convolution(x, layer.convolution, layer.norm, name)
    if isinstance(layer, Separable):
        x = writer.convolution(x, layer.depthwise, layer.depthwise_norm, f"{name}.depthwise")
        x = writer.activation(x, "relu", f"{name}.depthwise.act")
        return writer.convolution(x, layer.pointwise, layer.norm, f"{name}.pointwise")
    raise TypeError(f"{name} is a {type(layer).__name__}")
