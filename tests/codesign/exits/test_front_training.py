"""codesign/exits/front_training.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from codesign.backbones.front_network import FrontNetwork, FrontShape
from codesign.backbones.user_model import UserModel, load_user_model
from codesign.exits import front_training
from codesign.exits.front_training import front_loss, train_front
from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.errors import StorageError
from runtime.contract.tensor_spec import TensorSpec
from tests.codesign.user_networks import CLASSES, SIDE, saved, skilled_network

SPEC = TensorSpec(SIDE, SIDE, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.fixture(name="teacher", scope="module")
def a_large_network(tmp_path_factory: pytest.TempPathFactory) -> UserModel:
    return load_user_model(saved(skilled_network(blocks=2), tmp_path_factory.mktemp("teacher")))


def pictures(count: int) -> tuple[UInt8Array, IntArray]:
    """Noise with one strong colour, which is the class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, size=count)
    images = rng.integers(0, 120, size=(count, SIDE, SIDE, 3), dtype=np.uint8)
    images[np.arange(count), :, :, labels] += 100
    return images, labels


def trained(teacher: UserModel, count: int = 256, **changes: Any) -> FrontNetwork:
    torch.manual_seed(1)
    network = FrontNetwork(FrontShape(SIDE, SIDE, CLASSES, 4))
    images, labels = pictures(count)
    how: dict[str, Any] = {"epochs": 2, "augment": "shift", "seed": 0, "progress": lambda _d, _o, _n: None} | changes
    train_front(network, teacher, images, labels, how.pop("spec", SPEC), **how)
    return network


def same(one: FrontNetwork, other: FrontNetwork) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_a_front_network_comes_to_answer_as_the_large_one(teacher: UserModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_training, "BATCH", 32)
    network = trained(teacher, epochs=8)
    assert not network.training
    images, labels = pictures(200)
    told = network(torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32) / 255)).argmax(dim=1).numpy()
    assert (told == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_network_and_another_one_another(teacher: UserModel) -> None:
    assert same(trained(teacher), trained(teacher))
    assert not same(trained(teacher), trained(teacher, seed=1))


def test_a_network_for_the_other_layout_is_taught_alike(teacher: UserModel, tmp_path: Path) -> None:
    model = skilled_network(blocks=2)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = SIDE
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 3
    transpose = model.graph.node.add(op_type="Transpose", input=["x"], output=["x_nchw"], name="to_nchw")
    transpose.attribute.add(name="perm", ints=[0, 3, 1, 2], type=7)
    model.graph.node[0].input[0] = "x_nchw"
    nodes = [model.graph.node[-1], *list(model.graph.node)[:-1]]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    other = load_user_model(saved(model, tmp_path))
    assert other.layout == "NHWC"
    # Mixtures of both layouts are the same images, so everything that follows is.
    assert same(trained(teacher), trained(other, spec=replace(SPEC, layout="NHWC")))


@pytest.mark.parametrize("epochs", [3, 8])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(teacher: UserModel, tmp_path: Path, epochs: int) -> None:
    steps_each = 2

    def interrupt(done: int, _of: int, _note: str) -> None:
        if done == (epochs - 1) * steps_each + 1:
            raise KeyboardInterrupt

    state = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        trained(teacher, epochs=epochs, state_file=state, progress=interrupt)
    ticks: list[int] = []
    found = trained(teacher, epochs=epochs, state_file=state, progress=lambda done, _of, _note: ticks.append(done))
    assert ticks == [(epochs - 1) * steps_each + 1, epochs * steps_each]
    assert same(found, trained(teacher, epochs=epochs))


def test_a_damaged_state_is_named(teacher: UserModel, tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"damaged")
    with pytest.raises(StorageError, match="half-finished training cannot be read"):
        trained(teacher, state_file=tmp_path / "state.pt")


def test_the_large_network_is_asked_about_each_view_once(teacher: UserModel) -> None:
    views = front_training._Views(teacher, pictures(256)[0], SPEC, "shift", 0)
    first = list(views.batches(0))
    answers = dict(views.answers)
    again = list(views.batches(0))
    assert all(views.answers[key] is answer for key, answer in answers.items())
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_agreeing_with_the_large_network_costs_nothing_without_labels() -> None:
    logits = torch.randn(5, 3)
    assert float(front_loss(logits, logits + 7.0, None)) == pytest.approx(0.0, abs=1e-6)
    assert float(front_loss(logits, -logits, None)) > 0.0
    assert float(front_loss(logits, logits, torch.zeros(5, dtype=torch.int64))) > 0.0
