"""codesign/predict/costs/ofa_work.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import SQUEEZE, LayerWorks, works_of
from codesign.predict.costs.ofa_work import ofa_layers

from .tables import OFA


def design(kernel: int, expand: int, depth: int, size: int = 224) -> list[int]:
    def blocks(value: int) -> list[int]:
        return [value if block % 4 < depth else 0 for block in range(20)]

    return blocks(kernel) + blocks(expand) + [depth] * 5 + [size]


def works(*designs: list[int], names: tuple[str, ...] = OFA) -> LayerWorks:
    return works_of(ofa_layers(Genes.named(names), np.array(designs)), len(designs))


def test_totals_lie_in_the_published_range() -> None:
    """Its networks are of MobileNetV3-Large's order, 219 million at 224 × 224, and specialised ones go up to 595."""
    smallest, largest = works(design(3, 3, 2, 128), design(7, 6, 4)).macs.sum(axis=1)
    assert 40e6 < smallest < 100e6
    assert 500e6 < largest < 700e6


def test_its_weights_are_those_of_mobilenetv3_large_in_size() -> None:
    """MobileNetV3-Large has 5.4 million parameters; kernels, widths and depths lie on both sides of its own."""
    found = works(design(3, 3, 2), design(7, 6, 4)).weights.sum(axis=1)
    assert 3e6 < found[0] < 5.4e6 < found[1] < 8.5e6


def test_blocks_that_are_absent_are_no_work() -> None:
    shallow, deep = works(design(3, 3, 2), design(3, 3, 4)).times.sum(axis=1)
    blocks, squeezed = 10, 6
    assert deep - shallow == 4 * blocks + squeezed


def test_work_of_a_stage_grows_with_the_square_of_the_resolution() -> None:
    found = works(design(3, 4, 3, 112), design(3, 4, 3, 224))
    small, large = found.macs[:, np.array(found.units) == 0].sum(axis=1)
    assert large == 4 * small


def test_without_a_gene_the_resolution_is_224() -> None:
    assert works(design(3, 4, 3)[:-1], names=OFA[:-1]).macs.sum() == works(design(3, 4, 3)).macs.sum()


def test_squeeze_and_excite_stands_in_three_stages() -> None:
    found = works(design(3, 3, 4))
    stages = {unit for kind, unit in zip(found.kinds, found.units, strict=True) if kind == SQUEEZE}
    assert stages == {1, 3, 4}
