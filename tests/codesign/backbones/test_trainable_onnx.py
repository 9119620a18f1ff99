"""codesign/backbones/trainable_onnx.py"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from codesign.backbones import trainable_onnx
from codesign.backbones.slice_onnx import LOGITS
from codesign.backbones.trainable_onnx import TrainableOnnx, opened
from codesign.backbones.user_model import UserModel, load_user_model
from codesign.exits.answers import onnx_session
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from tests.codesign.backbones.test_user_architectures import WORKING
from tests.codesign.user_networks import residual_network, saved

UNTRAINABLE = {name for name in WORKING if name.startswith("interpolating")}


def images_for(model: UserModel, count: int = 3) -> FloatArray:
    shape = (3, model.height, model.width) if model.layout == "NCHW" else (model.height, model.width, 3)
    return np.random.default_rng(1).normal(size=(count, *shape)).astype(np.float32)


def answer(model: onnx.ModelProto, images: FloatArray) -> FloatArray:
    session = onnx_session(model, 1)
    found: FloatArray = session.run([LOGITS], {session.get_inputs()[0].name: images})[0]
    return found


def arrays(model: onnx.ModelProto) -> dict[str, bytes]:
    return {weight.name: numpy_helper.to_array(weight).tobytes() for weight in model.graph.initializer}


@pytest.fixture(name="brought", scope="module")
def a_small_network(tmp_path_factory: pytest.TempPathFactory) -> UserModel:
    return load_user_model(saved(residual_network(blocks=2), tmp_path_factory.mktemp("net")))


@pytest.mark.parametrize("name", sorted(set(WORKING) - UNTRAINABLE))
def test_networks_as_people_have_them_answer_alike_and_can_be_trained(name: str, tmp_path: Path) -> None:
    brought = load_user_model(saved(WORKING[name][0](), tmp_path))
    images = images_for(brought)
    network = opened(brought.model, images, answer(brought.model, images))
    logits, features = network(torch.from_numpy(images), brought.exits)
    assert len(features) == len(brought.exits)
    torch.autograd.backward(logits.square().sum())
    untouched = [number for number, weight in enumerate(network.weights) if weight.grad is None]
    assert not untouched
    floats = [numpy_helper.to_array(w) for w in brought.model.graph.initializer if w.data_type == 1]
    trained = sum(weight.numel() for weight in network.weights)
    assert trained > 0.9 * sum(array.size for array in floats)


def test_real_networks_answer_alike(shared_data: Path) -> None:
    for name in ("resnet20_cifar10", "resnet32_cifar10"):
        brought = load_user_model(shared_data / "models" / f"{name}.onnx")
        images = images_for(brought)
        opened(brought.model, images, answer(brought.model, images))


def test_unchanged_weights_are_written_back_bit_for_bit(brought: UserModel) -> None:
    written = TrainableOnnx(brought.model).written_into(brought.model)
    assert written.SerializeToString() == brought.model.SerializeToString()


def test_trained_weights_come_back_under_their_names_and_the_graph_answers_with_them(brought: UserModel) -> None:
    network, images = TrainableOnnx(brought.model), images_for(brought)
    with torch.no_grad():
        for weight in network.weights:
            weight.mul_(1.1)
        expected = network(torch.from_numpy(images))[0].numpy()
    written = network.written_into(brought.model)
    np.testing.assert_allclose(answer(written, images), expected, atol=1e-4 * np.abs(expected).max())
    before, after = arrays(brought.model), arrays(written)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == set(network.numbers) - {"b"}  # all naught
    assert [node.name for node in written.graph.node] == [node.name for node in brought.model.graph.node]


def test_weights_in_constant_nodes_come_back_too(brought: UserModel) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(brought.model)
    moved = [weight for weight in model.graph.initializer if weight.name == "w"]
    model.graph.initializer.remove(moved[0])
    model.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=moved[0], name="held"))
    network, images = TrainableOnnx(model), images_for(brought)
    with torch.no_grad():
        network.weights[network.numbers["w"]].zero_()
    np.testing.assert_allclose(answer(network.written_into(model), images), 0.0, atol=1e-6)


def test_balanced_gradients_leave_answers_alone(brought: UserModel) -> None:
    network, images = TrainableOnnx(brought.model), torch.from_numpy(images_for(brought))
    cuts = brought.exits[:2]
    plain, balanced = (network(images, cuts, balanced=how) for how in (False, True))
    for one, other in zip([plain[0], *plain[1]], [balanced[0], *balanced[1]], strict=True):
        assert torch.equal(one, other)
    first = network.weights[network.numbers["stem.w"]]
    (whole,) = torch.autograd.grad(plain[0].sum(), first, retain_graph=True)
    (share,) = torch.autograd.grad(balanced[0].sum(), first, retain_graph=True)
    np.testing.assert_allclose(share.numpy(), whole.numpy() / 3, rtol=1e-4, atol=1e-6)


def test_an_operation_without_a_gradient_is_named(tmp_path: Path) -> None:
    brought = load_user_model(saved(WORKING["interpolating"][0](), tmp_path))
    message = r"node '/Resize' \(Resize\) cannot be trained through(.|\n)*to do: leave --finetune out"
    with pytest.raises(ConfigError, match=message):
        TrainableOnnx(brought.model)


def misread(_at: Any, x: torch.Tensor) -> torch.Tensor:
    return x.abs()


def broken(_at: Any, _x: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("out of shape")


@pytest.mark.parametrize(
    ("relu", "message"),
    [
        (misread, "answers otherwise in torch than in ONNX Runtime"),
        (broken, "cannot be run in torch(.|\n)*out of shape"),
    ],
)
def test_a_network_that_torch_would_compute_otherwise_is_refused(
    brought: UserModel, relu: Callable[..., Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = images_for(brought)
    monkeypatch.setitem(trainable_onnx.OPERATIONS, "Relu", relu)
    with pytest.raises(ConfigError, match=message):
        opened(brought.model, images, answer(brought.model, images))


def test_a_network_without_weights_is_refused(brought: UserModel) -> None:
    images = images_for(brought)
    node = helper.make_node("GlobalAveragePool", ["image"], [LOGITS], name="pool")
    graph = helper.make_graph([node], "none", [brought.model.graph.input[0]], [brought.model.graph.output[0]])
    with pytest.raises(ConfigError, match="no weights that could be trained"):
        opened(helper.make_model(graph), images, images)
