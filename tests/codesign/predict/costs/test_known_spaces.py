"""codesign/predict/costs/known_spaces.py"""

from __future__ import annotations

from codesign.predict.costs.known_spaces import FBNET, NAS_BENCH_201, OFA_MOBILENETV3, fbnet_stage, known_space

from .tables import BLOCKS, CELL, LAYERS, OFA, OPERATIONS


def test_spaces_are_recognised_in_any_order_of_their_genes() -> None:
    assert known_space(CELL[::-1], OPERATIONS[::-1]) == NAS_BENCH_201
    assert known_space(LAYERS[::-1], BLOCKS) == FBNET
    assert known_space(OFA[::-1], ()) == OFA_MOBILENETV3
    assert known_space(OFA[:-1], ()) == OFA_MOBILENETV3


def test_like_names_with_other_choices_are_another_space() -> None:
    assert known_space(CELL, (*OPERATIONS, "nor_conv_7x7")) is None
    assert known_space(CELL, ()) is None
    assert known_space(LAYERS, ("conv", "skip")) is None
    assert known_space(LAYERS[:21], BLOCKS) is None
    assert known_space(OFA, BLOCKS) is None
    assert known_space((*OFA, "width"), ()) is None


def test_the_22_layers_of_fbnet_lie_in_seven_stages() -> None:
    stages = [fbnet_stage(layer) for layer in range(22)]
    assert [stages.count(stage) for stage in range(7)] == [1, 4, 4, 4, 4, 4, 1]
    assert stages == sorted(stages)
