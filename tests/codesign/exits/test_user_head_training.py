"""codesign/exits/user_head_training.py"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.backbones.user_model import load_user_model
from codesign.exits.answers import answers
from codesign.exits.deep_head import DeepHead
from codesign.exits.user_exits import UserNetwork, exited, user_network
from codesign.exits.user_head_training import train_user_heads
from tests.codesign.small_networks import SPEC, quiet, toy_problem
from tests.codesign.user_networks import residual_network, saved

IMAGES, LABELS = toy_problem(count=240)


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    return user_network(load_user_model(saved(residual_network(blocks=4, width=48), tmp_path_factory.mktemp("user"))))


def train(network: UserNetwork, epochs: int, seed: int = 0) -> list[DeepHead]:
    return train_user_heads(network, IMAGES, LABELS, SPEC, epochs=epochs, augment="shift", seed=seed, progress=quiet)


def test_heads_learn_what_the_images_show(network: UserNetwork) -> None:
    found = exited(network, train(network, epochs=10))
    held_out, labels = toy_problem(count=90, seed=1)
    accuracy = (answers(found.model, found.outputs, held_out, SPEC).predictions[:-1] == labels).mean(axis=1)
    assert accuracy.max() > 0.6  # chance is a third; the network itself knows nothing


def test_the_same_seed_gives_the_same_heads_and_another_seed_others(network: UserNetwork) -> None:
    one, same, other = train(network, 1), train(network, 1), train(network, 1, seed=1)
    for a, b in zip(one, same, strict=True):
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
            assert torch.equal(x, y)
    assert not torch.equal(one[0].classifier.weight, other[0].classifier.weight)


def test_the_users_network_is_not_touched_and_progress_comes_to_its_end(network: UserNetwork) -> None:
    before = network.brought.model.SerializeToString()
    told: list[tuple[int, int]] = []
    train_user_heads(
        network,
        IMAGES,
        LABELS,
        SPEC,
        epochs=2,
        augment="none",
        seed=0,
        progress=lambda done, of, _note: told.append((done, of)),
    )
    assert network.brought.model.SerializeToString() == before
    assert told[-1][0] == told[-1][1]
    assert np.all(np.diff([done for done, _ in told]) == 1)


def test_fewer_images_than_a_batch_are_a_batch(network: UserNetwork) -> None:
    heads = train_user_heads(network, IMAGES[:20], LABELS[:20], SPEC, epochs=1, augment="none", seed=0, progress=quiet)
    assert len(heads) == len(network.heads)
