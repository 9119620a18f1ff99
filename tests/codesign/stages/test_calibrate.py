"""codesign/stages/calibrate.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.exits.answers import onnx_session
from codesign.stages import calibrate
from codesign.stages.calibrate import activation_ranges
from runtime.contract.errors import ConfigError, EngineError
from tests.codesign.user_networks import residual_network

MODEL = residual_network(blocks=1, exporter_tail=False)
IMAGES = np.random.default_rng(0).normal(size=(70, 3, 16, 16)).astype(np.float32)


def test_ranges_are_the_least_and_the_greatest_over_all_batches() -> None:
    assert len(IMAGES) > 2 * calibrate.BATCH
    ranges = activation_ranges(MODEL, {"x": IMAGES})
    scores = onnx_session(MODEL, 1).run(["scores"], {"x": IMAGES})[0]
    assert ranges["x"] == (float(IMAGES.min()), float(IMAGES.max()))
    assert ranges["scores"] == pytest.approx((float(scores.min()), float(scores.max())), abs=1e-5)
    assert ranges["f0"][0] == 0.0  # after a ReLU


def test_every_activation_has_one() -> None:
    made = {name for node in MODEL.graph.node for name in node.output}
    assert set(activation_ranges(MODEL, {"x": IMAGES[:2]})) == {"x", *made}


def test_no_images_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"at least one image(.|\n)*training images"):
        activation_ranges(MODEL, {"x": IMAGES[:0]})


def test_an_activation_that_is_not_finite_is_named() -> None:
    with pytest.raises(EngineError, match=r"activation 'x' is not finite(.|\n)*preprocessing"):
        activation_ranges(MODEL, {"x": np.full((1, 3, 16, 16), np.inf, dtype=np.float32)})
