"""codesign/exits/joint_training.py"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from codesign.backbones.user_model import load_user_model
from codesign.exits.deep_head import DeepHead
from codesign.exits.joint_training import joint_loss, train_jointly
from codesign.exits.trainable_exits import TrainableExits, trainable
from codesign.exits.user_exits import UserNetwork, user_network
from runtime.contract.errors import StorageError
from runtime.contract.preprocessing import Preprocessing
from tests.codesign.small_networks import SPEC, quiet, toy_problem
from tests.codesign.user_networks import residual_network, saved

IMAGES, LABELS = toy_problem(count=240)


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    return user_network(load_user_model(saved(residual_network(blocks=4, width=48), tmp_path_factory.mktemp("user"))))


def opened(network: UserNetwork) -> TrainableExits:
    torch.manual_seed(0)
    return trainable(network, [DeepHead(shape) for shape in network.heads.values()])


def trained(network: UserNetwork, epochs: int, seed: int = 0, state_file: Path | None = None) -> TrainableExits:
    module = opened(network)
    train_jointly(
        module,
        IMAGES,
        LABELS,
        SPEC,
        epochs=epochs,
        augment="shift",
        seed=seed,
        progress=quiet,
        state_file=state_file,
    )
    return module


def same(one: TrainableExits, other: TrainableExits) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_exits_come_closer_to_what_the_network_as_it_was_brought_says_of_new_images(network: UserNetwork) -> None:
    start, module = opened(network).eval(), trained(network, epochs=12)
    held_out, _ = toy_problem(count=90, seed=1)
    images = torch.from_numpy(Preprocessing(SPEC)(held_out))
    with torch.no_grad():
        teacher = start(images)[-1]
        before, after = (float(joint_loss(one(images)[:-1], teacher, None)) for one in (start, module))
    assert after < 0.8 * before
    assert not torch.equal(start.backbone.weights[0], module.backbone.weights[0])


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(network: UserNetwork) -> None:
    one, again, other = trained(network, 1), trained(network, 1), trained(network, 1, seed=1)
    assert same(one, again)
    assert not same(one, other)


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(network: UserNetwork, tmp_path: Path) -> None:
    state, module = tmp_path / "state.pt", opened(network)

    def interrupt(done: int, of: int, _note: str) -> None:
        if done > of // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_jointly(
            module,
            IMAGES,
            LABELS,
            SPEC,
            epochs=2,
            augment="shift",
            seed=0,
            progress=interrupt,
            state_file=state,
        )
    assert state.is_file()
    whole = trained(network, 2)
    assert same(trained(network, 2, state_file=state), whole)
    assert same(trained(network, 2, state_file=state), whole)  # finished, and still kept until the caller removes it


def test_a_damaged_state_is_named(network: UserNetwork, tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    state.write_bytes(b"damaged")
    with pytest.raises(StorageError, match=r"a half-finished training cannot be read(.|\n)*delete this file"):
        trained(network, 1, state_file=state)


def test_the_last_exit_is_taught_by_the_teacher_alone() -> None:
    teacher, labels = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([2])
    agreeing = [teacher.clone(), teacher.clone()]
    assert float(joint_loss(agreeing, teacher, None)) == pytest.approx(0.0, abs=1e-6)
    wrong = torch.nn.functional.cross_entropy(teacher, labels)
    assert float(joint_loss(agreeing, teacher, labels)) == pytest.approx(0.5 * float(wrong))
    early, last = (float(joint_loss(one, teacher, None)) for one in ([-teacher, teacher], [teacher, -teacher]))
    assert last == pytest.approx(3.0 * early)
    assert early > 0.0


def test_less_than_a_batch_of_images_is_enough(network: UserNetwork) -> None:
    module = opened(network)
    before = deepcopy(module)
    train_jointly(
        module, IMAGES[:20], LABELS[:20], SPEC, epochs=1, augment="none", seed=0, progress=quiet, state_file=None
    )
    assert not same(before, module)
    assert not module.training
    assert all(np.isfinite(value.numpy()).all() for value in module.state_dict().values())
