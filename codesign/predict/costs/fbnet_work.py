"""Work of FBNet's networks: 22 layers in seven stages at 224 × 224.

Macro-architecture of FBNet (arXiv:1812.03443, Table 1) as its search space was released, with 1984 channels in the last
convolution. "skip" costs nothing where a layer keeps its shape, and is a 1 × 1 convolution where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runtime.contract.arrays import IntArray

from .gene_names import place_of
from .genes import Genes
from .known_spaces import FBNET_BLOCK, FBNET_LAYERS_OF_STAGES
from .layer_works import ENDS, Layer, addition, classifier, convolution, halved

SIZE = 224
STEM_WIDTH, LAST_WIDTH, CLASSES = 16, 1984, 1000
WIDTHS = (16, 24, 32, 64, 112, 184, 352)
STRIDES = (1, 2, 2, 2, 1, 2, 1)


def fbnet_layers(genes: Genes, designs: IntArray) -> Iterator[Layer]:
    """Layers of designs, (n, 22)."""
    kernels, expansions, groups = (np.array(numbers) for numbers in zip(*map(_block, genes.choices), strict=True))
    columns = {place_of(name)[0]: column for column, name in enumerate(genes.names)}
    size = SIZE // 2
    yield convolution(ENDS, (3, STEM_WIDTH), (SIZE, size), 3)
    width, layer = STEM_WIDTH, 0
    for stage, (layers, out, stride) in enumerate(zip(FBNET_LAYERS_OF_STAGES, WIDTHS, STRIDES, strict=True)):
        for block in range(layers):
            after = int(halved(size)) if stride == 2 and not block else size
            code = designs[:, columns[layer]]
            present = kernels[code] > 0
            inner = width * expansions[code]
            yield convolution(stage, (width, inner), (size, size), groups=groups[code], times=present)
            yield convolution(stage, (inner, inner), (size, after), kernels[code], depthwise=True, times=present)
            yield convolution(stage, (inner, out), (after, after), groups=groups[code], times=present)
            if width == out and size == after:
                yield addition(stage, out * after**2, present)
            else:
                yield convolution(stage, (width, out), (after, after), times=~present)
            width, size, layer = out, after, layer + 1
    yield convolution(ENDS, (width, LAST_WIDTH), (size, size))
    yield classifier(LAST_WIDTH, CLASSES)


def _block(choice: str) -> tuple[int, int, int]:
    """Kernel, expansion and groups; all 0, 0, 1 for a skip."""
    matched = FBNET_BLOCK.fullmatch(choice)
    if matched is None or matched[1] is None:
        return 0, 0, 1
    return int(matched[1]), int(matched[2]), int(matched[3] or 1)
