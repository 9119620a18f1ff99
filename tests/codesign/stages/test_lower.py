"""codesign/stages/lower.py"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import onnx
import pytest

from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.exits.names import ENTROPY, exit_logits
from codesign.stages.cut import cut_into_stages
from codesign.stages.layers import weighed_layers
from codesign.stages.lower import in_half_precision, in_integers
from codesign.stages.sensitivity import logits_of
from runtime.contract.arrays import FloatArray
from runtime.engine.stage import Stage
from tests.codesign.small_networks import SPACE, cuts_of, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest())
GRAPH, CUTS = graph_of(NETWORK), cuts_of(NETWORK)
LAYERS = weighed_layers(GRAPH)
OUTPUTS = [*map(exit_logits, CUTS), LOGITS]
CALIBRATION: FloatArray = random_batch(32, seed=5).numpy()
IMAGES: FloatArray = random_batch(40, seed=3).numpy()
SUBSETS = [subset for count in range(len(CUTS) + 1) for subset in combinations(CUTS, count)]


def at_exits(model: onnx.ModelProto, cuts: tuple[str, ...]) -> list[FloatArray]:
    """Logits of the stages in turn, by the engine that serves them."""
    feeds, told = {IMAGE: IMAGES}, []
    for number, graph in enumerate(cut_into_stages(model, cuts)):
        stage = Stage(graph.SerializeToString(), where=f"stage {number}")
        found = dict(zip(stage.outputs, stage(feeds), strict=True))
        told.append(found.pop(LOGITS))
        found.pop(ENTROPY)
        feeds = found
    return told


@pytest.mark.parametrize("cuts", SUBSETS, ids="+".join)
@pytest.mark.parametrize("layers", [LAYERS, LAYERS[::2]], ids=["int8", "mixed"])
@pytest.mark.parametrize("for_tensorrt", [False, True], ids=["cpu", "gpu"])
def test_a_quantised_network_answers_the_same_wherever_it_is_cut(
    cuts: tuple[str, ...], layers: tuple[str, ...], for_tensorrt: bool
) -> None:
    model = in_integers(GRAPH, CUTS, layers, CALIBRATION, for_tensorrt=for_tensorrt)
    whole = dict(zip(OUTPUTS, logits_of(model, OUTPUTS, IMAGES), strict=True))
    for name, found in zip([*map(exit_logits, cuts), LOGITS], at_exits(model, cuts), strict=True):
        np.testing.assert_allclose(found, whole[name], rtol=0, atol=1e-5 * np.abs(whole[name]).max())


@pytest.mark.parametrize("cuts", SUBSETS, ids="+".join)
def test_a_half_precision_network_does_but_for_roundings(cuts: tuple[str, ...]) -> None:
    model = in_half_precision(GRAPH, CUTS)
    whole = dict(zip(OUTPUTS, logits_of(model, OUTPUTS, IMAGES), strict=True))
    for name, found in zip([*map(exit_logits, cuts), LOGITS], at_exits(model, cuts), strict=True):
        np.testing.assert_allclose(found, whole[name], rtol=0, atol=2e-3 * np.abs(whole[name]).max())


def test_eight_bits_change_logits_a_little_and_no_layers_nothing() -> None:
    exact = logits_of(GRAPH, OUTPUTS, IMAGES)
    spread = np.abs(exact).max()
    rounded = logits_of(in_integers(GRAPH, CUTS, LAYERS, CALIBRATION), OUTPUTS, IMAGES)
    assert 1e-4 * spread < np.abs(rounded - exact).max() < 0.3 * spread
    np.testing.assert_allclose(
        logits_of(in_integers(GRAPH, CUTS, (), CALIBRATION), OUTPUTS, IMAGES), exact, rtol=0, atol=1e-5 * spread
    )


@pytest.mark.parametrize("place", range(len(OUTPUTS)))
def test_only_the_head_whose_classifier_is_quantised_answers_otherwise(place: int) -> None:
    layer = OUTPUTS[place]  # every head's last product bears the name of its logits
    assert layer in LAYERS
    rounded = logits_of(in_integers(GRAPH, CUTS, (layer,), CALIBRATION), OUTPUTS, IMAGES)
    exact = logits_of(GRAPH, OUTPUTS, IMAGES)
    changed = np.abs(rounded - exact).max(axis=(1, 2)) > 1e-4
    assert np.flatnonzero(changed).tolist() == [place]
