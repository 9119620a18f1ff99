"""codesign/predict/models/mlp.py"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from codesign.predict.models.mlp import HIDDEN, Perceptron, raw_network


def test_a_network_of_raw_inputs_is_the_trained_one_of_standardised_inputs() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(5.0, 3.0, size=(50, 4))
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    model = MLPRegressor(hidden_layer_sizes=HIDDEN, max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        model.fit((inputs - centre) / spread, inputs[:, 0])
    network = raw_network(model.coefs_, model.intercepts_, (centre, spread), (0.1, 0.2))
    expected = np.exp(0.1 + 0.2 * model.predict((inputs - centre) / spread))
    assert network.costs(inputs) == pytest.approx(expected, rel=1e-4)


def test_three_hidden_layers_of_sixty_four_learn_what_is_not_linear() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, size=(300, 2))
    costs = np.exp(inputs[:, 0] * inputs[:, 1])
    fitted = Perceptron().fit(inputs[:200], costs[:200], rng)
    assert [weights.shape for weights in fitted.weights] == [(2, 64), (64, 64), (64, 64), (64, 1)]
    assert np.abs(fitted.costs(inputs[200:]) / costs[200:] - 1.0).mean() < 0.08  # of a plane it is about 0.25


def test_an_input_far_away_gives_a_finite_cost() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(30, 2))
    fitted = Perceptron(steps=50).fit(inputs, np.exp(3 * inputs[:, 0]), rng)
    assert np.isfinite(fitted.costs(np.full((1, 2), 1e6))).all()


def test_an_interrupt_while_it_trains_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn.neural_network._multilayer_perceptron.AdamOptimizer.update_params", interrupted)
    inputs = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(KeyboardInterrupt):
        Perceptron().fit(inputs, np.exp(inputs[:, 0]), np.random.default_rng(0))
