"""codesign/predict/costs/layer_works.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.layer_works import (
    CONV,
    DEPTHWISE,
    LINEAR,
    POINTWISE,
    Layer,
    addition,
    classifier,
    convolution,
    halved,
    works_of,
)  # fmt: skip


def test_a_convolution_multiplies_every_weight_at_every_place() -> None:
    layer = convolution(2, (16, 32), (28, 14), 3)
    assert (layer.kind, layer.unit) == (CONV, 2)
    assert layer.weights == 16 * 32 * 9
    assert layer.macs == 16 * 32 * 9 * 14 * 14
    assert (layer.input_values, layer.output_values) == (16 * 28 * 28, 32 * 14 * 14)


def test_groups_share_out_the_channels_and_a_depthwise_one_has_a_group_each() -> None:
    assert convolution(0, (16, 32), (8, 8), groups=2).weights == 16 * 32 // 2
    assert convolution(0, (16, 32), (8, 8)).kind == POINTWISE
    depthwise = convolution(0, (16, 16), (8, 8), 5, depthwise=True)
    assert (depthwise.kind, depthwise.weights, depthwise.macs) == (DEPTHWISE, 16 * 25, 16 * 25 * 64)


def test_an_addition_reads_two_tensors_and_a_classifier_all_of_its_weights() -> None:
    assert (addition(1, 100).input_values, addition(1, 100).output_values) == (200, 100)
    last = classifier(64, 10)
    assert (last.kind, last.unit, last.macs, last.weights) == (LINEAR, -1, 640, 640)


def test_a_stride_of_two_rounds_up() -> None:
    assert [halved(size) for size in (224, 7, 1)] == [112, 4, 1]


def test_works_are_of_all_runs_and_nothing_where_a_design_does_without() -> None:
    layers = [
        Layer("a", 0, macs=10, input_values=1, output_values=2, weights=3),
        Layer("b", 1, macs=np.array([5, 6, 7]), times=np.array([2, 0, 1])),
        Layer("c", 1, weights=4, times=np.array([True, False, True])),
    ]
    works = works_of(iter(layers), 3)
    assert works.kinds == ("a", "b", "c")
    assert works.units == (0, 1, 1)
    assert works.times.tolist() == [[1, 2, 1], [1, 0, 0], [1, 1, 1]]
    assert works.macs.tolist() == [[10, 10, 0], [10, 0, 0], [10, 7, 0]]
    assert works.weights.tolist() == [[3, 0, 4], [3, 0, 0], [3, 0, 4]]
    assert works.input_values[:, 0].tolist() == [1, 1, 1]
    assert works.output_values[:, 0].tolist() == [2, 2, 2]
