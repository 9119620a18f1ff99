"""Work of the Once-for-All MobileNetV3 networks: five stages of two to four blocks, at a resolution that is a gene.

Macro-architecture of the released supernet (arXiv:1908.09791) at width 1.0: widths, strides and the places of
squeeze-and-excite follow MobileNetV3-Large (arXiv:1905.02244, Table 1); inner widths are multiples of 8.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runtime.contract.arrays import IntArray

from .genes import Genes
from .known_spaces import OFA_BLOCKS_OF_STAGE, RESOLUTION
from .layer_works import ENDS, SQUEEZE, Layer, Number, addition, classifier, convolution, halved

DEFAULT_SIZE = 224
STEM_WIDTH, LAST_WIDTH, FEATURES, CLASSES = 16, 960, 1280, 1000
WIDTHS = (24, 40, 80, 112, 160)
STRIDES = (2, 2, 2, 1, 2)
SQUEEZED = (False, True, False, True, True)
SQUEEZE_TO = 4  # the squeezed width is a quarter of the inner one


def ofa_layers(genes: Genes, designs: IntArray) -> Iterator[Layer]:
    """Layers of canonical designs, (n, 45 or 46)."""
    column = {name: designs[:, index].astype(np.int64) for index, name in enumerate(genes.names)}
    size: Number = column.get(RESOLUTION, np.full(len(designs), DEFAULT_SIZE))
    before, size = size, halved(size)
    yield convolution(ENDS, (3, STEM_WIDTH), (before, size), 3)
    yield convolution(ENDS, (STEM_WIDTH, STEM_WIDTH), (size, size), 3, depthwise=True)
    yield convolution(ENDS, (STEM_WIDTH, STEM_WIDTH), (size, size))
    yield addition(ENDS, STEM_WIDTH * size**2)
    width = STEM_WIDTH
    for stage, (out, stride, squeezed) in enumerate(zip(WIDTHS, STRIDES, SQUEEZED, strict=True)):
        for block in range(OFA_BLOCKS_OF_STAGE):
            at = stage * OFA_BLOCKS_OF_STAGE + block
            kernel, inner = column[f"kernel_{at}"], _to_eights(width * column[f"expand_{at}"])
            present = inner > 0
            after = halved(size) if stride == 2 and not block else size
            yield convolution(stage, (width, inner), (size, size), times=present)
            yield convolution(stage, (inner, inner), (size, after), kernel, depthwise=True, times=present)
            if squeezed:
                weights = 2 * inner * _to_eights(inner // SQUEEZE_TO)
                values = inner * after**2
                yield Layer(
                    SQUEEZE,
                    stage,
                    macs=weights + values,
                    input_values=2 * values,  # read once to be averaged, once to be scaled
                    output_values=values,
                    weights=weights,
                    times=present,
                )
            yield convolution(stage, (inner, out), (after, after), times=present)
            if block:
                yield addition(stage, out * after**2, present)
            width, size = out, after
    yield convolution(ENDS, (width, LAST_WIDTH), (size, size))
    yield convolution(ENDS, (LAST_WIDTH, FEATURES), (1, 1))  # after the average over the image
    yield classifier(FEATURES, CLASSES)


def _to_eights(channels: IntArray) -> IntArray:
    """The nearest multiple of 8, not more than 10 % below."""
    nearest: IntArray = np.where(channels > 0, np.maximum(8, (channels + 4) // 8 * 8), 0)
    rounded: IntArray = np.where(nearest < 0.9 * channels, nearest + 8, nearest)
    return rounded
