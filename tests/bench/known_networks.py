"""Works of published networks, layer by layer, counted from their papers: what the board models are fitted on.

Counted as `runtime.contract.work` counts: weights read, activations read, activations written, all float32; one kernel
per convolution (activation and batch norm fused), addition, pooling, concatenation, normalisation or matrix product.
"""

from __future__ import annotations

from runtime.contract.work import Work

FLOAT_BYTES = 4


class Counter:
    """Adds up the layers of a network that keeps one feature map of `side` × `side` × `channels`."""

    def __init__(self, side: int, channels: int = 3, *, fused: bool = True) -> None:
        self.side, self.channels, self.fused = side, channels, fused
        self.works: list[Work] = []

    def add(self, macs: float, weights: float, read: float, written: float) -> None:
        self.works.append(Work(macs, FLOAT_BYTES * (weights + read + written), 1))

    def conv(
        self, channels: int, kernel: tuple[int, int] | int, stride: int = 1, *, valid: bool = False, groups: int = 1
    ) -> Counter:
        high, wide = (kernel, kernel) if isinstance(kernel, int) else kernel
        out = -(-(self.side - max(high, wide) + 1) // stride) if valid else -(-self.side // stride)
        weights = high * wide * self.channels // groups * channels
        self.add(weights * out**2, weights, self.channels * self.side**2, channels * out**2)
        self.side, self.channels = out, channels
        if not self.fused:  # batch norm, then activation, each reading and writing what the convolution wrote
            for _ in range(2):
                self.add(0, 0, channels * out**2, channels * out**2)
        return self

    def depthwise(self, kernel: int, stride: int = 1) -> Counter:
        return self.conv(self.channels, kernel, stride, groups=self.channels)

    def pool(self, kernel: int, stride: int, *, valid: bool = False) -> Counter:
        out = -(-(self.side - kernel + 1) // stride) if valid else -(-self.side // stride)
        self.add(0, 0, self.channels * self.side**2, self.channels * out**2)
        self.side = out
        return self

    def addition(self) -> Counter:
        self.add(0, 0, 2 * self.channels * self.side**2, self.channels * self.side**2)
        return self

    def branches(self, *layers: list[tuple[int, tuple[int, int] | int]], pooled: int = 0, stride: int = 1) -> Counter:
        """Inception: each branch is a list of (channels, kernel); the last of each has the stride; then concatenation.

        `pooled` adds a pooled branch: with a 1 × 1 convolution of that width, or bare where it is below 0.
        """
        total, out = 0, self.side
        for layer in layers:
            branch = Counter(self.side, self.channels, fused=self.fused)
            for index, (channels, kernel) in enumerate(layer):
                last = index == len(layer) - 1
                branch.conv(channels, kernel, stride if last else 1, valid=last and stride > 1)
            self.works += branch.works
            total, out = total + branch.channels, branch.side
        if pooled:
            branch = Counter(self.side, self.channels, fused=self.fused).pool(3, stride, valid=stride > 1)
            if pooled > 0:
                branch.conv(pooled, 1)
            self.works += branch.works
            total, out = total + branch.channels, branch.side
        self.side, self.channels = out, total
        self.add(0, 0, total * out**2, total * out**2)
        return self

    def classifier(self, classes: int = 1000) -> list[Work]:
        self.add(0, 0, self.channels * self.side**2, self.channels)
        self.add(self.channels * classes, self.channels * classes, self.channels, classes)
        return self.works


def mobilenet_v2(side: int = 224) -> list[Work]:
    """Sandler et al., CVPR 2018, table 2: 300 M multiply-accumulates at 224 pixels."""
    net = Counter(side).conv(32, 3, 2)
    for expansion, channels, repeats, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for index in range(repeats):
            before = net.channels
            if expansion > 1:
                net.conv(before * expansion, 1)
            net.depthwise(3, stride if index == 0 else 1).conv(channels, 1)
            if index > 0:
                net.addition()
    return net.conv(1280, 1).classifier()


def vit_small(side: int = 224, patch: int = 16, width: int = 384, heads: int = 6, blocks: int = 12) -> list[Work]:
    """ViT-Small/16 (Touvron et al., ICML 2021, DeiT-S): 4.6 G multiply-accumulates at 224 pixels."""
    net = Counter(side).conv(width, patch, patch, valid=True)
    tokens = (side // patch) ** 2 + 1

    def product(inner: int, outer: int) -> None:
        net.add(tokens * inner * outer, inner * outer, tokens * inner, tokens * outer)

    def pointwise(size: float, inputs: int = 1) -> None:
        net.add(0, 0, inputs * size, size)

    for _ in range(blocks):
        pointwise(tokens * width)  # layer norm
        product(width, 3 * width)
        pointwise(tokens * 3 * width)  # bias, and heads side by side
        scores = heads * tokens**2
        net.add(tokens**2 * width, 0, 2 * tokens * width, scores)
        pointwise(scores)  # softmax
        net.add(tokens**2 * width, 0, scores + tokens * width, tokens * width)
        pointwise(tokens * width)  # heads back together
        product(width, width)
        pointwise(tokens * width, 2)  # residual
        pointwise(tokens * width)  # layer norm
        product(width, 4 * width)
        pointwise(4 * tokens * width)  # GELU
        product(4 * width, width)
        pointwise(tokens * width, 2)  # residual
    pointwise(tokens * width)
    net.add(width * 1000, width * 1000, width, 1000)
    return net.works


def inception_v3(side: int, *, fused: bool = True) -> list[Work]:
    """Szegedy et al., CVPR 2016, as in Keras: 5.7 G multiply-accumulates at 299 pixels."""
    net = Counter(side, fused=fused).conv(32, 3, 2, valid=True).conv(32, 3, valid=True).conv(64, 3)
    net.pool(3, 2, valid=True)
    net.conv(80, 1).conv(192, 3, valid=True).pool(3, 2, valid=True)
    for pooled in (32, 64, 64):
        net.branches([(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], pooled=pooled)
    net.branches([(384, 3)], [(64, 1), (96, 3), (96, 3)], pooled=-1, stride=2)
    for inner in (128, 160, 160, 192):
        net.branches(
            [(192, 1)],
            [(inner, 1), (inner, (1, 7)), (192, (7, 1))],
            [(inner, 1), (inner, (7, 1)), (inner, (1, 7)), (inner, (7, 1)), (192, (1, 7))],
            pooled=192,
        )
    net.branches([(192, 1), (320, 3)], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3)], pooled=-1, stride=2)
    for _ in range(2):
        # The two pairs of 1 × 3 and 3 × 1 share their input; counted as branches, the shared layers come twice, so the
        # pairs are written as one layer of the same work: 384 + 384 channels from a 1 × 3 kernel.
        net.branches([(320, 1)], [(384, 1), (768, (1, 3))], [(448, 1), (384, 3), (768, (1, 3))], pooled=192)
    return net.classifier()


def xception(side: int, *, fused: bool = True) -> list[Work]:
    """Chollet, CVPR 2017, as in Keras: 8.4 G multiply-accumulates at 299 pixels."""
    net = Counter(side, fused=fused).conv(32, 3, 2, valid=True).conv(64, 3, valid=True)

    def separable(channels: int) -> None:
        net.depthwise(3).conv(channels, 1)

    def reducing(first: int, second: int) -> None:
        shortcut = Counter(net.side, net.channels, fused=fused).conv(second, 1, 2)
        separable(first)
        separable(second)
        net.pool(3, 2).addition()
        net.works += shortcut.works

    for channels in (128, 256, 728):
        reducing(channels, channels)
    for _ in range(8):
        for _ in range(3):
            separable(728)
        net.addition()
    reducing(728, 1024)
    separable(1536)
    separable(2048)
    return net.classifier()
