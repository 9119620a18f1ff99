"""The layers of a network of a space, in order of computation, with their shapes: what a graph is built from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.contract.arrays import IntArray
from runtime.contract.work import NO_WORK, Work

from .chain_space import BOTTLENECK, DENSE, EXPANSION_UNIT, BlockChoice, ChainSpace

IMAGE: Final = -1
IMAGE_CHANNELS: Final = 3
BYTES_PER_VALUE: Final = 4  # FP32
INVERTED_FULL: Final = 6  # hidden channels of an inverted residual over those that enter it, at full expansion
DENSE_HIDDEN: Final = 2  # hidden channels of a dense block over those it adds
CONV, RELU, HARD_SWISH, ADD, CONCAT, MEAN, MEAN_ALL, LINEAR = (
    "Conv", "Relu", "HardSwish", "Add", "Concat", "AveragePool", "GlobalAveragePool", "Gemm"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layer:
    """`kind` is the ONNX operation; `reads` are numbers of earlier layers, or IMAGE."""

    kind: str
    reads: tuple[int, ...]
    channels: int  # that leave it
    side: int  # likewise
    kernel: int = 1
    stride: int = 1
    groups: int = 1

    @property
    def values(self) -> int:
        """Numbers that leave it."""
        return self.channels * self.side * self.side


def layers_of(space: ChainSpace, genome: IntArray) -> tuple[Layer, ...]:
    """Stem, units, mean over the image, classifier. Raises ConfigError where the genome is not of this space."""
    chain = _Chain(space.side)
    at = chain.conv(IMAGE, space.stem_width, kernel=3, stride=space.stem_stride)
    at = chain.activation(at, RELU)
    for number, (unit, blocks) in enumerate(zip(space.units, space.decode(genome), strict=True)):
        swish = space.block not in (BOTTLENECK, DENSE) and 2 * number >= len(space.units)
        activation = HARD_SWISH if swish else RELU
        if space.block == DENSE and number > 0:
            at = chain.transition(at, unit.stride)
        for place, block in enumerate(blocks):
            stride = unit.stride if place == 0 else 1
            if space.block == BOTTLENECK:
                at = chain.bottleneck(at, unit.width, block, stride)
            elif space.block == DENSE:
                at = chain.dense(at, unit.width, block)
            else:
                at = chain.inverted(at, unit.width, block, stride, activation)
    at = chain.add(Layer(MEAN_ALL, (at,), chain.layers[at].channels, 1))
    chain.add(Layer(LINEAR, (at,), space.classes, 1))
    return tuple(chain.layers)


def work_of(layer: Layer, layers: tuple[Layer, ...], image_side: int) -> Work:
    """Work of one layer: as `backbones.onnx_work` counts it from the graph.

    Activations and additions are part of the kernel that feeds them; an addition still reads its other operand.
    """
    read = [layers[number].values if number != IMAGE else IMAGE_CHANNELS * image_side**2 for number in layer.reads]
    if layer.kind in (RELU, HARD_SWISH):
        return NO_WORK
    if layer.kind == ADD:
        return Work(traffic_bytes=BYTES_PER_VALUE * (sum(read) - max(read)))
    macs, weights = 0.0, 0
    if layer.kind in (CONV, LINEAR):
        entering = layers[layer.reads[0]].channels if layer.reads[0] != IMAGE else IMAGE_CHANNELS
        per_value = layer.kernel**2 * entering // layer.groups
        macs, weights = float(layer.values * per_value), layer.channels * (per_value + 1)
    return Work(macs, BYTES_PER_VALUE * (sum(read) + weights + layer.values), kernels=1.0)


class _Chain:
    """Layers as they are added; every method returns the number of the last one."""

    def __init__(self, image_side: int) -> None:
        self.layers: list[Layer] = []
        self._image_side = image_side

    def add(self, layer: Layer) -> int:
        self.layers.append(layer)
        return len(self.layers) - 1

    def conv(self, at: int, channels: int, *, kernel: int = 1, stride: int = 1, groups: int = 1) -> int:
        side = self._image_side if at == IMAGE else self.layers[at].side
        return self.add(Layer(CONV, (at,), channels, -(-side // stride), kernel, stride, groups))

    def activation(self, at: int, kind: str) -> int:
        return self.add(Layer(kind, (at,), self.layers[at].channels, self.layers[at].side))

    def bottleneck(self, at: int, width: int, block: BlockChoice, stride: int) -> int:
        hidden = _hidden(width, block)
        inner = self.activation(self.conv(at, hidden), RELU)
        inner = self.activation(self.conv(inner, hidden, kernel=block.kernel, stride=stride), RELU)
        inner = self.conv(inner, width)
        if stride != 1 or self.layers[at].channels != width:
            at = self.conv(at, width, stride=stride)
        return self.activation(self._sum(inner, at), RELU)

    def inverted(self, at: int, width: int, block: BlockChoice, stride: int, activation: str) -> int:
        entering = self.layers[at].channels
        hidden = _hidden(INVERTED_FULL * entering, block)
        inner = self.activation(self.conv(at, hidden), activation)
        inner = self.conv(inner, hidden, kernel=block.kernel, stride=stride, groups=hidden)
        inner = self.conv(self.activation(inner, activation), width)
        return self._sum(inner, at) if stride == 1 and entering == width else inner

    def dense(self, at: int, grown: int, block: BlockChoice) -> int:
        inner = self.activation(self.conv(at, DENSE_HIDDEN * grown), RELU)
        inner = self.activation(self.conv(inner, grown, kernel=block.kernel), RELU)
        before = self.layers[at]
        return self.add(Layer(CONCAT, (at, inner), before.channels + grown, before.side))

    def transition(self, at: int, stride: int) -> int:
        at = self.activation(self.conv(at, self.layers[at].channels // 2), RELU)
        before = self.layers[at]
        if stride == 1:
            return at
        return self.add(Layer(MEAN, (at,), before.channels, -(-before.side // stride), stride, stride))

    def _sum(self, inner: int, other: int) -> int:
        return self.add(Layer(ADD, (inner, other), self.layers[inner].channels, self.layers[inner].side))


def _hidden(full: int, block: BlockChoice) -> int:
    """Hidden channels at the block's expansion, which chains with expansions all have."""
    return max(1, round(full * (block.expansion or EXPANSION_UNIT) / EXPANSION_UNIT))
