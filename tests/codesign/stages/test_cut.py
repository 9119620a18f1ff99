from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import onnx
import pytest

from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.exits.answers import onnx_session
from codesign.exits.names import ENTROPY, exit_entropy, exit_logits
from codesign.stages.cut import cut_into_stages
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from tests.codesign.small_networks import CLASSES, SPACE, cuts_of, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest(), activation="hardswish")
GRAPH, CUTS = graph_of(NETWORK), cuts_of(NETWORK)
IMAGES: FloatArray = random_batch(5, seed=3).numpy()
SUBSETS = [subset for count in range(len(CUTS) + 1) for subset in combinations(CUTS, count)]


def run_in_turn(stages: Sequence[onnx.ModelProto]) -> list[tuple[FloatArray, FloatArray]]:
    """Logits and entropy of every stage, each fed by the one before."""
    feed, answers = {IMAGE: IMAGES}, []
    for stage in stages:
        names = [value.name for value in stage.graph.output]
        found = dict(zip(names, onnx_session(stage, 1).run(names, feed), strict=True))
        answers.append((found.pop(LOGITS), found.pop(ENTROPY)))
        feed = found
    return answers


@pytest.mark.parametrize("cuts", SUBSETS, ids="+".join)
def test_stages_in_turn_answer_what_the_uncut_network_answers(cuts: tuple[str, ...]) -> None:
    names = [*(name for cut in cuts for name in (exit_logits(cut), exit_entropy(cut))), LOGITS, ENTROPY]
    whole = onnx_session(GRAPH, 1).run(names, {IMAGE: IMAGES})
    stages = cut_into_stages(GRAPH, cuts)
    assert len(stages) == len(cuts) + 1
    for number, (logits, entropy) in enumerate(run_in_turn(stages)):
        np.testing.assert_allclose(logits, whole[2 * number], rtol=0, atol=1e-5)
        np.testing.assert_allclose(entropy, whole[2 * number + 1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("cuts", [subset for subset in SUBSETS if subset], ids="+".join)
def test_a_backbone_that_ends_early_has_no_stage_after_its_last_exit(cuts: tuple[str, ...]) -> None:
    early, whole = cut_into_stages(GRAPH, cuts, ends_early=True), cut_into_stages(GRAPH, cuts)
    assert len(early) == len(whole) - 1 == len(cuts)
    for (logits, entropy), (expected, expected_entropy) in zip(run_in_turn(early), run_in_turn(whole), strict=False):
        np.testing.assert_array_equal(logits, expected)
        np.testing.assert_array_equal(entropy, expected_entropy)
    assert [value.name for value in early[-1].graph.output] == [LOGITS, ENTROPY]  # it hands nothing on


def test_stages_take_the_image_or_the_cut_before_and_hand_on_the_next_cut() -> None:
    names = [
        ([value.name for value in stage.graph.input], [value.name for value in stage.graph.output])
        for stage in cut_into_stages(GRAPH, CUTS[:2])
    ]
    assert names == [
        ([IMAGE], [CUTS[0], LOGITS, ENTROPY]),
        ([CUTS[0]], [CUTS[1], LOGITS, ENTROPY]),
        ([CUTS[1]], [LOGITS, ENTROPY]),
    ]


def test_the_batch_stays_free_in_every_stage_and_all_else_fixed() -> None:
    for stage in cut_into_stages(GRAPH, CUTS):
        session = onnx_session(stage, 1)
        for value in (*session.get_inputs(), *session.get_outputs()):
            assert value.shape[0] == "batch"
            assert all(isinstance(size, int) and size > 0 for size in value.shape[1:])
        assert {value.name: value.shape for value in session.get_outputs()}[LOGITS] == ["batch", CLASSES]


def test_a_stage_holds_its_own_weights_and_no_others() -> None:
    stages = cut_into_stages(GRAPH, CUTS)
    for stage in stages:
        used = {name for node in stage.graph.node for name in node.input}
        assert {weight.name for weight in stage.graph.initializer} <= used
    names = [weight.name for stage in stages for weight in stage.graph.initializer]
    assert sorted(names) == sorted(weight.name for weight in GRAPH.graph.initializer)  # each in one stage only
    values = {weight.name: weight.raw_data for weight in GRAPH.graph.initializer}
    assert all(values[w.name] == w.raw_data for stage in stages for w in stage.graph.initializer)


def test_the_exits_that_are_not_kept_leave_their_heads_behind() -> None:
    alone = cut_into_stages(GRAPH, [])[0]
    assert not [node.name for node in alone.graph.node if "head@" in node.name]
    kept = cut_into_stages(GRAPH, CUTS[1:2])
    assert {node.name.split(".")[0] for stage in kept for node in stage.graph.node if "head@" in node.name} == {
        f"head@{CUTS[1]}"
    }


def test_stages_are_as_readable_by_old_runtimes_as_the_graph() -> None:
    for stage in cut_into_stages(GRAPH, CUTS):
        assert (stage.ir_version, stage.opset_import[0].version) == (GRAPH.ir_version, GRAPH.opset_import[0].version)


def test_sizes_behind_a_reshape_that_works_one_out_are_known() -> None:
    opened = onnx.ModelProto()
    opened.CopyFrom(GRAPH)
    cut = CUTS[0]
    size = next(v for v in onnx.shape_inference.infer_shapes(GRAPH).graph.value_info if v.name == cut)
    target = [-1, *(dim.dim_value for dim in size.type.tensor_type.shape.dim[1:])]
    at = next(k for k, node in enumerate(opened.graph.node) if cut in node.output)
    opened.graph.node[at].output[0] = "before"
    opened.graph.node.insert(at + 1, onnx.helper.make_node("Reshape", ["before", "target"], [cut], name="reshape"))
    opened.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(target, dtype=np.int64), "target"))
    handed_on = onnx_session(cut_into_stages(opened, [cut])[0], 1).get_outputs()[0]
    assert (handed_on.name, handed_on.shape) == (cut, ["batch", *target[1:]])


def test_cutting_leaves_the_graph_as_it_was() -> None:
    before = GRAPH.SerializeToString(deterministic=True)
    cut_into_stages(GRAPH, CUTS)
    assert GRAPH.SerializeToString(deterministic=True) == before


def test_a_cut_without_an_exit_is_refused() -> None:
    with pytest.raises(ConfigError, match="the graph has no exit at 'features_1_1'\n  to do: attach its head first"):
        cut_into_stages(GRAPH, [CUTS[0], "features_1_1"])


def test_a_backbone_that_ends_early_needs_an_exit() -> None:
    with pytest.raises(ConfigError, match="a backbone that ends early needs at least one exit"):
        cut_into_stages(GRAPH, [], ends_early=True)


@pytest.mark.parametrize("cuts", [CUTS[::-1], [CUTS[0], CUTS[0]]])
def test_cuts_in_another_order_than_the_graphs_are_refused(cuts: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match="are not in the order of the graph\n  to do: give each cut once, in order"):
        cut_into_stages(GRAPH, cuts)
