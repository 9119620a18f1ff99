"""codesign/predict/new_board/network.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.network import Network, new_network, trained
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

RNG = np.random.default_rng(0)
INPUTS, WANTED = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))


def loss(network: Network, inputs: FloatArray = INPUTS) -> float:
    return 0.5 * float(((network(inputs) - WANTED) ** 2).sum())


def test_gradients_are_those_of_finite_differences() -> None:
    network = new_network((3, 5, 4, 2), np.random.default_rng(1))
    layers = network.layers(INPUTS)
    gradients = network.gradients(layers, layers[-1] - WANTED)
    for parameter, gradient in zip((*network.weights, *network.biases), gradients, strict=True):
        for place in np.ndindex(parameter.shape):
            kept = parameter[place]
            parameter[place] = kept + 1e-6
            above = loss(network)
            parameter[place] = kept - 1e-6
            below = loss(network)
            parameter[place] = kept
            assert gradient[place] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-7)


def test_the_slope_of_inputs_is_that_of_finite_differences() -> None:
    network = new_network((3, 5, 2), np.random.default_rng(2))
    layers = network.layers(INPUTS)
    slope = network.slope_of_inputs(layers, layers[-1] - WANTED)
    for place in np.ndindex(INPUTS.shape):
        moved = np.zeros_like(INPUTS)
        moved[place] = 1e-6
        difference = (loss(network, INPUTS + moved) - loss(network, INPUTS - moved)) / 2e-6
        assert slope[place] == pytest.approx(difference, rel=1e-5, abs=1e-7)


def test_training_lowers_the_loss_and_leaves_the_start_as_it_was() -> None:
    start = new_network((3, 16, 2), np.random.default_rng(3))
    before = [weight.copy() for weight in start.weights]

    def slope(rows: IntArray, answers: FloatArray) -> FloatArray:
        off: FloatArray = (answers - WANTED[rows]) / len(rows)
        return off

    after = trained(start, INPUTS, slope, 500, 7, np.random.default_rng(4))
    assert loss(after) < 0.2 * loss(start)
    assert all((weight == kept).all() for weight, kept in zip(start.weights, before, strict=True))
    again = trained(start, INPUTS, slope, 500, 7, np.random.default_rng(4))
    assert loss(again) == loss(after)


def test_inputs_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"takes \(n, 3\), got \(7, 2\)"):
        new_network((3, 2), np.random.default_rng(0))(WANTED)
