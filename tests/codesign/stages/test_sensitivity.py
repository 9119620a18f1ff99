"""codesign/stages/sensitivity.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.stages.layers import weighed_layers
from codesign.stages.sensitivity import changed_answers, divergence_nats, layer_sensitivities, logits_of
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError
from tests.codesign.small_networks import SPACE, graph_of, quiet, random_batch, small_exited_slice

LOGITS = arrays(np.float64, (2, 3, 4), elements=st.floats(-50, 50))


@given(LOGITS, LOGITS)
def test_a_divergence_is_never_below_zero_and_zero_of_itself(one: FloatArray, other: FloatArray) -> None:
    assert divergence_nats(one, other) >= 0.0
    assert divergence_nats(one, one) == 0.0
    assert divergence_nats(one, one + 3.0) == pytest.approx(0.0, abs=1e-9)  # a softmax does not see it


def test_the_divergence_is_the_textbooks() -> None:
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.2, 0.2, 0.6])
    expected = float((p * np.log(p / q)).sum())
    assert divergence_nats(np.log(p)[None, None], np.log(q)[None, None]) == pytest.approx(expected)


def test_changed_answers_are_a_share_of_exits_and_images() -> None:
    one = np.zeros((2, 2, 3))
    other = one.copy()
    other[1, 0, 2] = 1.0
    assert changed_answers(one, other) == 0.25


def test_logits_of_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"alike, got \(1, 2, 3\) and \(1, 2, 2\)"):
        divergence_nats(np.zeros((1, 2, 3)), np.zeros((1, 2, 2)))


def test_every_layer_has_a_sensitivity_and_shrinking_to_eight_bits_changes_something() -> None:
    model = graph_of(small_exited_slice(SPACE.largest()))
    layers = weighed_layers(model)[:4]
    images = random_batch(16, seed=4).numpy()
    found = layer_sensitivities(model, ["logits"], layers, random_batch(16, seed=5).numpy(), images, quiet)
    assert found.shape == (4,)
    assert (found >= 0).all()
    assert found.max() > 0


def test_logits_come_in_the_order_asked_for() -> None:
    model = graph_of(small_exited_slice(SPACE.largest()))
    names = [value.name for value in model.graph.output if value.name.startswith("logits")]
    images = random_batch(70).numpy()  # more than a batch
    there, back = logits_of(model, names, images), logits_of(model, names[::-1], images)
    assert there.shape == (len(names), 70, 3)
    np.testing.assert_array_equal(there, back[::-1])
