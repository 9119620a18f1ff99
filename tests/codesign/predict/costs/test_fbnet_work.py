"""codesign/predict/costs/fbnet_work.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.fbnet_work import fbnet_layers
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import DEPTHWISE, LayerWorks, works_of

from .tables import BLOCKS, LAYERS

GENES = Genes.named(LAYERS, BLOCKS)
SKIP = BLOCKS.index("skip")


def works(*designs: list[int]) -> LayerWorks:
    return works_of(fbnet_layers(GENES, np.array(designs)), len(designs))


def test_totals_are_of_the_order_that_the_paper_prints() -> None:
    """FBNet-A, B and C have 249, 295 and 375 million multiply-accumulates, 4.3 to 5.5 million parameters (Table 2)."""
    lightest, heaviest = works([SKIP] * 22, [BLOCKS.index("k5_e6")] * 22).macs.sum(axis=1)
    assert 10e6 < lightest < 60e6
    assert 450e6 < heaviest < 700e6


def test_wider_expansion_and_larger_kernels_are_more_work_and_groups_are_less() -> None:
    by_name = {name: works([code] * 22).macs.sum() for code, name in enumerate(BLOCKS)}
    assert by_name["k3_e1_g2"] < by_name["k3_e1"] < by_name["k3_e3"] < by_name["k3_e6"] < by_name["k5_e6"]
    assert by_name["skip"] < by_name["k3_e1_g2"]


def test_a_skip_costs_nothing_where_the_shape_stays_and_a_convolution_where_it_does_not() -> None:
    base = [BLOCKS.index("k3_e3")] * 22
    stays, changes = ([*base[:at], SKIP, *base[at + 1 :]] for at in (2, 1))
    of_base, of_stays, of_changes = (works(design) for design in (base, stays, changes))
    assert of_base.times.sum() - of_stays.times.sum() == 4  # three convolutions and the addition
    assert of_base.times.sum() - of_changes.times.sum() == 2  # three convolutions, less the one that takes their place


def test_a_stride_halves_the_image_at_the_first_layer_of_a_stage() -> None:
    found = works([BLOCKS.index("k3_e1")] * 22)
    depthwise = [at for at, kind in enumerate(found.kinds) if kind == DEPTHWISE]
    widths = [16, *[16, 24, 24, 24], *[24, 32, 32, 32], *[32, 64, 64, 64], *[64, 112, 112, 112],
              *[112, 184, 184, 184], 184]  # fmt: skip
    sides = [112, *[56] * 4, *[28] * 4, *[14] * 8, *[7] * 5]
    assert found.output_values[0, depthwise].tolist() == [w * s * s for w, s in zip(widths, sides, strict=True)]


def test_genes_may_come_in_another_order() -> None:
    design = np.arange(22)[None] % 9
    backwards = works_of(fbnet_layers(Genes.named(LAYERS[::-1], BLOCKS), design[:, ::-1]), 1)
    assert backwards.macs.sum() == works(design[0].tolist()).macs.sum()
