"""A small residual network to stand before a large one: sized from its images and its work, trained here, kept as ONNX.

Convolutions work at half the images' resolution and below, where a multiply-accumulate buys more channels: beside the
stem there is one residual block each at a half, a quarter and an eighth of its output. Larger images are first halved
until they are less than twice `STEM_SIDE` pixels wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import onnx
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional

from runtime.contract.errors import ConfigError

from .slice_onnx import IMAGE, IR_VERSION, LOGITS, OPSET, GraphWriter

STEM_SIDE = 32  # pixels
GROWTH = (1, 2, 4, 8)  # channels after the stem and each block, in widths
LEAST_WIDTH, WIDTH_STEP = 4, 2
KERNEL = 3


@dataclass(frozen=True, slots=True)
class FrontShape:
    """What decides a front network's work."""

    height: int
    width: int
    classes: int
    channels: int  # after the stem

    @property
    def stem_strides(self) -> tuple[int, ...]:
        """One convolution per entry; the last one where images are small does not stride."""
        halvings = 0
        while min(self.height, self.width) >> halvings >= 2 * STEM_SIDE:
            halvings += 1
        return (2,) * halvings or (1,)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""
        height, width, total, inputs, area = self.height, self.width, 0, 3, KERNEL * KERNEL
        for stride in self.stem_strides:
            height, width = -(-height // stride), -(-width // stride)
            total += height * width * area * inputs * self.channels
            inputs = self.channels
        for before, after in pairwise(self.channels * growth for growth in GROWTH):
            height, width = -(-height // 2), -(-width // 2)
            total += height * width * (area * (before + after) + before) * after
        return total + self.channels * GROWTH[-1] * self.classes


def front_shape(height: int, width: int, classes: int, most_macs: float) -> FrontShape:
    """The widest front network of at most `most_macs` multiply-accumulates.

    Raises:
        ConfigError: even the narrowest has more.
    """
    shape = FrontShape(height, width, classes, LEAST_WIDTH)
    if shape.macs > most_macs:
        raise ConfigError(
            f"the smallest front network takes {shape.macs / 1e6:.2f} M multiply-accumulates, and to pay it may take "
            f"at most {most_macs / 1e6:.2f} M",
            to_do="leave --front out: the network is small enough to serve alone",
        )
    while True:
        wider = FrontShape(height, width, classes, shape.channels + WIDTH_STEP)
        if wider.macs > most_macs:
            return shape
        shape = wider


class NormedConvolution(nn.Module):
    """A convolution and its batch normalisation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) to (batch, outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        out: Tensor = self.norm(self.conv(x))
        return out


class FrontBlock(nn.Module):
    """Two 3×3 convolutions, the first one halving height and width, beside a strided 1×1 one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = NormedConvolution(inputs, outputs, KERNEL, 2)
        self.second = NormedConvolution(outputs, outputs, KERNEL, 1)
        self.shortcut = NormedConvolution(inputs, outputs, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) to (batch, outputs, ⌈h/2⌉, ⌈w/2⌉)."""
        return functional.relu(self.second(functional.relu(self.first(x))) + self.shortcut(x))


class FrontNetwork(nn.Module):
    """The network in torch. Takes (batch, 3, height, width), whatever the layout of the large one."""

    def __init__(self, shape: FrontShape) -> None:
        super().__init__()
        self.shape = shape
        inputs = [3] + [shape.channels] * (len(shape.stem_strides) - 1)
        self.stem = nn.ModuleList(
            NormedConvolution(channels, shape.channels, KERNEL, stride)
            for channels, stride in zip(inputs, shape.stem_strides, strict=True)
        )
        self.blocks = nn.ModuleList(
            FrontBlock(shape.channels * before, shape.channels * after) for before, after in pairwise(GROWTH)
        )
        self.classifier = nn.Linear(shape.channels * GROWTH[-1], shape.classes)

    @property
    def stem_in_order(self) -> list[NormedConvolution]:
        """Its convolutions, typed."""
        return [layer for layer in self.stem if isinstance(layer, NormedConvolution)]

    @property
    def blocks_in_order(self) -> list[FrontBlock]:
        """Its blocks, typed."""
        return [block for block in self.blocks if isinstance(block, FrontBlock)]

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, classes)."""
        for layer in self.stem:
            x = functional.relu(layer(x))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classifier(x.mean((2, 3)))
        return logits


def front_to_onnx(network: FrontNetwork, layout: str) -> onnx.ModelProto:
    """The graph of a trained front network, in eval mode: `image` in the layout asked for, to `logits`."""
    writer, shape, x = GraphWriter(), network.shape, IMAGE
    sides = [3, shape.height, shape.width]
    if layout == "NHWC":
        sides = [shape.height, shape.width, 3]
        x = writer.node("Transpose", [x], "to_nchw", perm=[0, 3, 1, 2])

    def convolved(x: str, layer: NormedConvolution, name: str) -> str:
        return writer.convolution(x, layer.conv, layer.norm, name)

    for number, layer in enumerate(network.stem_in_order):
        x = writer.activation(convolved(x, layer, f"stem_{number}"), "relu", f"stem_{number}.act")
    for number, block in enumerate(network.blocks_in_order):
        name = f"block_{number}"
        inner = writer.activation(convolved(x, block.first, f"{name}.first"), "relu", f"{name}.act1")
        inner = convolved(inner, block.second, f"{name}.second")
        short = convolved(x, block.shortcut, f"{name}.shortcut")
        x = writer.activation(writer.node("Add", [inner, short], f"{name}.sum"), "relu", f"{name}.act2")
    writer.classifier(x, network.classifier, "classifier", LOGITS)
    graph = helper.make_graph(
        writer.nodes,
        "front",
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, ["batch", *sides])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["batch", shape.classes])],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="edge-codesign")
    model.ir_version = IR_VERSION
    return model
