"""A small fully connected network, its gradients by hand, and Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

LEARNING_RATE = 3e-3
DECAY = 1e-4  # weight decay: μ of Eqs. 9 and 10
BETAS = (0.9, 0.999)
TINY = 1e-8


@dataclass(frozen=True, slots=True)
class Network:
    """Layers x -> tanh(x W + b), the last without tanh."""

    weights: tuple[FloatArray, ...]  # (inputs, outputs) each
    biases: tuple[FloatArray, ...]  # (outputs,) each

    def layers(self, inputs: FloatArray) -> list[FloatArray]:
        """The inputs, (n, inputs), then what every layer says, (n, outputs) each."""
        if inputs.ndim != 2 or inputs.shape[1] != len(self.weights[0]):
            raise ShapeError(f"the network takes (n, {len(self.weights[0])}), got {inputs.shape}")
        found = [inputs]
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            linear = found[-1] @ weight + bias
            found.append(np.tanh(linear) if place < len(self.weights) - 1 else linear)
        return found

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """(n, outputs)."""
        return self.layers(inputs)[-1]

    def gradients(self, layers: Sequence[FloatArray], slope: FloatArray) -> list[FloatArray]:
        """Of all weights, then of all biases: of a loss with this slope over the outputs, (n, outputs).

        Args:
            layers: what `layers` gave for the inputs.
        """
        of_weights: list[FloatArray] = []
        of_biases: list[FloatArray] = []
        for place in reversed(range(len(self.weights))):
            if place < len(self.weights) - 1:
                slope = slope * (1.0 - layers[place + 1] ** 2)
            of_weights.insert(0, layers[place].T @ slope)
            of_biases.insert(0, slope.sum(axis=0))
            if place:
                slope = slope @ self.weights[place].T
        return of_weights + of_biases

    def slope_of_inputs(self, layers: Sequence[FloatArray], slope: FloatArray) -> FloatArray:
        """(n, inputs): how the same loss changes with the inputs."""
        for place in reversed(range(len(self.weights))):
            if place < len(self.weights) - 1:
                slope = slope * (1.0 - layers[place + 1] ** 2)
            slope = slope @ self.weights[place].T
        return slope


def new_network(widths: Sequence[int], rng: np.random.Generator) -> Network:
    """Random weights of variance 1 / inputs, biases 0. Widths: inputs, hidden layers, outputs."""
    return Network(
        tuple(rng.standard_normal((a, b)) / np.sqrt(a) for a, b in pairwise(widths)),
        tuple(np.zeros(b) for b in widths[1:]),
    )


# Places of the rows of a batch and the answers to them -> the slope of the loss over those answers, (rows, outputs).
Slope = Callable[[IntArray, FloatArray], FloatArray]


def trained(
    network: Network, inputs: FloatArray, slope: Slope, steps: int, batch: int, rng: np.random.Generator
) -> Network:
    """The network after `steps` of Adam (Kingma and Ba, arXiv:1412.6980), its rate falling along a half cosine.

    Args:
        inputs: (n, inputs).
        slope: called with the places of a batch's rows, (rows,), and the outputs there.
    """
    parameters = [array.copy() for array in (*network.weights, *network.biases)]
    layers = len(network.weights)
    first, second = ([np.zeros_like(array) for array in parameters] for _ in range(2))
    now = Network(tuple(parameters[:layers]), tuple(parameters[layers:]))  # shares the arrays that Adam moves
    for step in range(1, steps + 1):
        rows = rng.integers(0, len(inputs), min(batch, len(inputs)))
        answers = now.layers(inputs[rows])
        gradients = now.gradients(answers, slope(rows, answers[-1]))
        rate = LEARNING_RATE * 0.5 * (1.0 + np.cos(np.pi * step / steps))
        for place, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            first[place] += (1.0 - BETAS[0]) * (gradient - first[place])
            second[place] += (1.0 - BETAS[1]) * (gradient**2 - second[place])
            mean, spread = first[place] / (1.0 - BETAS[0] ** step), second[place] / (1.0 - BETAS[1] ** step)
            parameter -= rate * (mean / (np.sqrt(spread) + TINY) + (DECAY * parameter if place < layers else 0.0))
    return now
