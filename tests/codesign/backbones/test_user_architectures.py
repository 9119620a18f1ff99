"""Networks as people have them, from the file to the last stage: what works, and how the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from codesign.backbones.user_model import UserModel, load_user_model
from codesign.exits.answers import onnx_session
from codesign.exits.deep_head import DeepHead
from codesign.exits.user_exits import exited, user_network
from codesign.policy.averaging import Averaging
from codesign.stages.averaging import with_averaging
from codesign.stages.cut import cut_into_stages
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.cascade import Cascade
from runtime.engine.stage import Stage
from tests.codesign import exported_networks as networks
from tests.codesign.exported_networks import SIDE, exported
from tests.codesign.user_networks import residual_network, saved

Model = onnx.ModelProto
UNFOLDED = {"do_constant_folding": False, "training": networks.PRESERVED}


def nhwc(model: Model) -> Model:
    """With a Transpose in front, as converters from TensorFlow leave it."""
    model.graph.node.insert(0, helper.make_node("Transpose", ["pixels"], ["x"], name="turned", perm=[0, 3, 1, 2]))
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", SIDE, SIDE, 3]))
    return model


def weights_in_constants(model: Model) -> Model:
    """Every weight as a Constant node."""
    for k, weight in enumerate(model.graph.initializer):
        model.graph.node.insert(k, helper.make_node("Constant", [], [weight.name], value=weight))
    del model.graph.initializer[:]
    return model


def with_leftovers(model: Model) -> Model:
    """Identity and Dropout where a training graph had them."""
    last = model.graph.node[-1]
    behind = last.input[0]
    last.input[0] = "dropped"
    model.graph.node.insert(
        len(model.graph.node) - 1, helper.make_node("Identity", [behind], ["same"], name="identity")
    )
    model.graph.node.insert(
        len(model.graph.node) - 1, helper.make_node("Dropout", ["same"], ["dropped", "mask"], name="dropout")
    )
    return model


def with_softmax(model: Model) -> Model:
    """Probabilities at the end; the logits they are made of are expected."""
    model.graph.node.append(helper.make_node("Softmax", ["scores"], ["probabilities"], axis=-1, name="softmax"))
    model.graph.output[0].name = "probabilities"
    return model


def made(network: Callable[[], Any], change: Callable[[Model], Model] = lambda model: model, **how: Any) -> Any:
    return lambda: change(exported(network(), **how))


MOBILE, DENSE = networks.mobile_network, networks.DenseNetwork
VIT, SWIN = networks.VisionTransformer, networks.WindowTransformer
TORCH_VIT = partial(networks.VisionTransformer, networks.TorchAttention)
# What comes in, and whether its exits read maps (4 axes) or tokens (3).
WORKING: dict[str, tuple[Callable[[], Model], int]] = {
    "mobile": (made(MOBILE), 4),
    "mobile, batch norms unfolded": (made(MOBILE, **UNFOLDED), 4),
    "mobile, batch of one": (made(MOBILE, dynamic=False), 4),
    "mobile, channels last outside": (made(MOBILE, nhwc), 4),
    "mobile, weights in Constant nodes": (made(MOBILE, weights_in_constants), 4),
    "mobile, leftovers of training": (made(MOBILE, with_leftovers), 4),
    "mobile, softmax": (made(MOBILE, with_softmax), 4),
    "mobile, opset 11": (made(MOBILE, opset=11), 4),
    "mobile, opset 9": (made(MOBILE, opset=9), 4),
    "dense": (made(DENSE), 4),
    "dense, opset 9": (made(DENSE, opset=9), 4),
    "transformer": (made(VIT), 3),
    "transformer, norms decomposed": (made(VIT, opset=14), 3),
    "transformer, nothing folded": (made(VIT, **UNFOLDED), 3),
    "transformer, batch of one": (made(VIT, dynamic=False), 3),
    "transformer, opset 11": (made(VIT, opset=11), 3),
    "transformer of torch": (made(TORCH_VIT), 3),
    "transformer of torch, batch of one": (made(TORCH_VIT, dynamic=False), 3),
    "windows": (made(SWIN), 4),
    "windows, batch of one": (made(SWIN, dynamic=False), 4),
    "interpolating": (made(networks.Interpolating), 4),
    "interpolating, batch of one": (made(networks.Interpolating, dynamic=False), 4),
    "interpolating, opset 9": (made(networks.Interpolating, opset=9), 4),
}


def images(model: Model, count: int = 5) -> FloatArray:
    shape = (SIDE, SIDE, 3) if model.graph.input[0].name == "pixels" else (3, SIDE, SIDE)
    return np.random.default_rng(1).normal(size=(count, *shape)).astype(np.float32)


def one_by_one(model: Model, output: str, batch: FloatArray) -> FloatArray:
    """What the network says as it was brought."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.output[0].name = output  # the logits also where a softmax follows them
    session = onnx_session(whole, 1)
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: image[None]})[0] for image in batch])


def weights_of(model: Model) -> dict[str, bytes]:
    """Every array of floats by its bytes, wherever it lies; a few factors may have been worked out."""
    tensors = [*model.graph.initializer, *(n.attribute[0].t for n in model.graph.node if n.op_type == "Constant")]
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}
    return {name: array.tobytes() for name, array in arrays.items() if array.dtype == np.float32 and array.size > 8}


@pytest.mark.parametrize(("brought", "axes"), WORKING.values(), ids=WORKING.keys())
def test_the_last_stage_answers_what_the_network_answers(
    brought: Callable[[], Model], axes: int, tmp_path: Path
) -> None:
    model = brought()
    found = load_user_model(saved(model, tmp_path))
    assert set(weights_of(found.model).values()) <= set(weights_of(model).values())  # bit for bit
    network = exited(user_network(found), [DeepHead(shape) for shape in user_network(found).heads.values()])
    assert network.cuts
    assert found.macs > 0
    assert all(work.macs > 0 for work in (*found.blocks, *network.heads))
    cuts = network.cuts[:: max(1, len(network.cuts) - 1)][:2]  # the first and the last
    stages = cut_into_stages(network.model, cuts)
    for stage, cut in zip(stages, cuts, strict=False):
        (handed_on,) = [value for value in stage.graph.output if value.name == cut]
        assert len(handed_on.type.tensor_type.shape.dim) == axes
    expected = one_by_one(model, "scores", images(model))
    cascade = Cascade([Stage(s.SerializeToString(), where="test") for s in stages], ExitPolicy((-np.inf,) * len(cuts)))
    together = cascade.run_through(images(model))[-1][0]
    alone = np.concatenate([cascade.run_through(image[None])[-1][0] for image in images(model)])
    for logits in (together, alone):
        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def cut_in_two(model: UserModel) -> list[Model]:
    network = user_network(model)
    found = exited(network, [DeepHead(shape) for shape in network.heads.values()])
    return cut_into_stages(found.model, found.cuts[:1])


def test_stages_of_old_operator_sets_can_average(tmp_path: Path) -> None:
    model = load_user_model(saved(exported(VIT(), opset=11), tmp_path))
    first, last = with_averaging(cut_in_two(model), Averaging(0.5, at_the_end=True))
    cascade = Cascade([Stage(s.SerializeToString(), where="test") for s in (first, last)], ExitPolicy((-np.inf,)))
    logits = cascade.run_through(images(model.model, 2))[-1][0]
    assert np.isfinite(logits).all()


def test_products_of_two_activations_are_counted(tmp_path: Path) -> None:
    found = load_user_model(saved(exported(VIT()), tmp_path))
    tokens, width, depth = 17, 64, 4
    patches = 16 * width * 3 * 8 * 8
    encoder = tokens * width * (3 * width + width + 2 * 2 * width) + 2 * tokens * tokens * width
    assert found.macs == patches + depth * encoder + width * 3


def test_shapes_of_transformers_are_constants_afterwards(tmp_path: Path) -> None:
    fixed = load_user_model(saved(exported(VIT(), dynamic=False), tmp_path, "fixed.onnx"))
    open_ = load_user_model(saved(exported(VIT()), tmp_path, "open.onnx"))
    for found in (fixed, open_):
        shapes = [node for node in found.model.graph.node if node.op_type == "Shape"]
        assert len(shapes) == 1  # for the class token, which is repeated for every image


def test_weights_may_lie_in_files_of_their_own_which_the_fingerprint_covers(tmp_path: Path) -> None:
    digests = []
    for seed in (0, 1):
        file = tmp_path / str(seed) / "net.onnx"
        file.parent.mkdir()
        onnx.save(
            residual_network(seed=seed), str(file), save_as_external_data=True, location="weights.bin", size_threshold=0
        )
        digests.append(load_user_model(file).sha256)
    assert digests[0] != digests[1]
    (tmp_path / "0" / "weights.bin").unlink()
    with pytest.raises(ConfigError, match=r"weights that lie beside the network cannot be read(.|\n)*weights.bin"):
        load_user_model(tmp_path / "0" / "net.onnx")


def half_weights(model: Model) -> Model:
    for weight in model.graph.initializer:
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), weight.name))
    return model


def half_inside(model: Model) -> Model:
    model.graph.node.insert(0, helper.make_node("Cast", ["x"], ["h"], name="to_half", to=TensorProto.FLOAT16))
    return model


def quantised(model: Model) -> Model:
    model.graph.node.insert(0, helper.make_node("QuantizeLinear", ["x", "scale"], ["q"], name="quantise"))
    return model


def newest(model: Model) -> Model:
    model.opset_import[0].version = 999
    return model


def training(model: Model) -> Model:
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(True), "training"))
    with_leftovers(model)
    next(node for node in model.graph.node if node.name == "dropout").input.extend(["", "training"])
    return model


def over_the_batch(model: Model) -> Model:
    """Centred over the images of a batch."""
    last = model.graph.node[-1]
    mean = helper.make_node("ReduceMean", [last.input[0]], ["mean"], name="mean", axes=[0], keepdims=1)
    less = helper.make_node("Sub", [last.input[0], "mean"], ["centred"], name="less")
    last.input[0] = "centred"
    del model.graph.node[-1]
    model.graph.node.extend([mean, less, last])
    return model


def positions_of_pixels(model: Model) -> Model:
    model.graph.node.extend(
        [
            helper.make_node("NonZero", ["x"], ["where"], name="bright"),
            helper.make_node("Cast", ["where"], ["w"], name="floats", to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", ["w"], ["m"], name="largest", keepdims=1),
            helper.make_node("Add", ["scores", "m"], ["more"], name="more"),
        ]
    )
    model.graph.output[0].name = "more"
    return model


REFUSED = {
    "half weights": (half_weights, r"weight '.*' is FLOAT16; features and weights must be float32"),
    "half inside": (half_inside, r"node 'to_half' \(Cast\) is FLOAT16"),
    "quantised": (quantised, r"the network is quantised already: node 'quantise' \(QuantizeLinear\)"),
    "operator set of the future": (newest, "operator set 999 cannot be converted to 21"),
    "dropout that drops": (training, r"node 'dropout' \(Dropout\) is in training mode"),
    "mean over the batch": (over_the_batch, "an image's answer depends on the other images of its batch"),
    "shape of the pixels": (
        positions_of_pixels,
        r"'where', which node 'bright' \(NonZero\) makes, is not known",
    ),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_work_is_refused_with_the_reason_and_a_remedy(
    change: Callable[[Model], Model], message: str, tmp_path: Path
) -> None:
    file = saved(change(residual_network(exporter_tail=False)), tmp_path)
    with pytest.raises(ConfigError, match=rf"({message})(.|\n)*where: .*net.onnx(.|\n)*to do: "):
        load_user_model(file)
