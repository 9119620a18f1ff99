from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from codesign.backbones.batches import as_tensor
from codesign.backbones.slice import BackboneSlice, recalibrate
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import train_supernet
from codesign.exits.head_training import BATCH, exit_loss, train_own_heads, train_shared_heads
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from tests.codesign.small_networks import (
    CLASSES,
    RECIPE,
    SPACE,
    SPEC,
    design,
    quiet,
    small_supernet,
    toy_problem,
)

IMAGES, LABELS = toy_problem(96)
UNSEEN, WANTED = toy_problem(60, seed=1)


def state(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def supernet() -> Supernet:
    trained = small_supernet()
    train_supernet(trained, IMAGES, LABELS, SPEC, RECIPE, 3, 0, quiet)
    trained.zero_grad(set_to_none=True)
    return trained


def fresh_heads() -> SharedHeads:
    torch.manual_seed(1)
    return SharedHeads(SPACE, CLASSES)


def with_exits(supernet: Supernet, heads: SharedHeads) -> ExitedSlice:
    network = ExitedSlice(BackboneSlice(supernet, SPACE.largest()), heads)
    recalibrate(network, [as_tensor(IMAGES, SPEC)])
    return network


def exit_accuracy(network: ExitedSlice) -> list[float]:
    """On images never seen, of every exit; the final classifier left out."""
    with torch.no_grad():
        given = network(as_tensor(UNSEEN, SPEC)).argmax(dim=2).numpy()[:-1]
    return [float((row == WANTED).mean()) for row in given]


def test_the_loss_is_the_labels_plus_the_softened_teacher_averaged_over_exits() -> None:
    torch.manual_seed(0)
    exits, final, labels = [torch.randn(5, 4), torch.randn(5, 4)], torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0])
    expected = 0.0
    for logits in exits:
        ln_p = np.log(np.asarray(logits.softmax(dim=1)))
        nll = -np.mean([ln_p[i, label] for i, label in enumerate(labels)])
        soft, teacher = (np.asarray((z / 3.0).softmax(dim=1), np.float64) for z in (logits, final))
        expected += (nll + 9.0 * np.mean((teacher * np.log(teacher / soft)).sum(axis=1))) / 2
    assert float(exit_loss(exits, final, labels, temperature=3.0)) == pytest.approx(expected, rel=1e-5)


def test_an_exit_that_says_what_the_teacher_says_pays_for_the_labels_only() -> None:
    final, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0])
    assert exit_loss([final], final, labels).item() == pytest.approx(
        torch.nn.functional.cross_entropy(final, labels).item(), rel=1e-5
    )


def test_the_teacher_gets_no_gradient_from_its_exits() -> None:
    exits, final = torch.randn(5, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)
    torch.autograd.backward(exit_loss([exits], final, torch.zeros(5, dtype=torch.int64)))
    assert final.grad is None
    assert exits.grad is not None
    assert exits.grad.abs().max() > 0


def test_training_shared_heads_makes_every_exit_right_and_changes_no_weight_of_the_supernet(supernet: Supernet) -> None:
    heads, before = fresh_heads(), state(supernet)
    untrained = exit_accuracy(with_exits(supernet, heads))
    seen: list[tuple[int, int]] = []
    train_shared_heads(heads, supernet, IMAGES, LABELS, SPEC, RECIPE, 4, 0, lambda done, of, _: seen.append((done, of)))
    trained = exit_accuracy(with_exits(supernet, heads))
    assert max(untrained) < 0.7 < 0.9 < min(trained)
    assert same(before, state(supernet))
    assert all(parameter.grad is None for parameter in supernet.parameters())
    assert seen == [(step, 24) for step in range(1, 25)]


def test_shared_heads_are_the_same_for_the_same_seed_and_others_for_another(supernet: Supernet) -> None:
    trained = []
    for seed in (0, 0, 1):
        heads = fresh_heads()
        train_shared_heads(heads, supernet, IMAGES, LABELS, SPEC, RECIPE, 1, seed, quiet)
        trained.append(state(heads))
    assert same(trained[0], trained[1])
    assert not same(trained[0], trained[2])


def test_training_own_heads_makes_every_exit_right_and_changes_nothing_of_the_backbone(supernet: Supernet) -> None:
    network = with_exits(supernet, fresh_heads())
    before, untrained = state(network.backbone), exit_accuracy(network)
    train_own_heads(network, IMAGES, LABELS, SPEC, RECIPE, 12, 0, quiet)
    assert max(untrained) < 0.7 < 0.9 < min(exit_accuracy(network))
    assert same(before, state(network.backbone))  # running statistics included
    assert not any(module.training for module in network.modules())


def test_own_heads_are_the_same_for_the_same_seed(supernet: Supernet) -> None:
    first = with_exits(supernet, fresh_heads())
    second = copy.deepcopy(first)
    for network in (first, second):
        train_own_heads(network, IMAGES, LABELS, SPEC, RECIPE, 2, 7, quiet)
    assert same(state(first), state(second))


def test_own_heads_leave_with_the_statistics_of_the_features_they_were_trained_on(supernet: Supernet) -> None:
    network = with_exits(supernet, fresh_heads())
    images = IMAGES[:40]  # one batch: its statistics are the mean of all
    recipe = replace(RECIPE, augment="none")
    train_own_heads(network, images, LABELS[:40], SPEC, recipe, 1, 0, quiet)
    features, _ = network.pooled_features(as_tensor(images, SPEC))
    for head, tensor in zip(network.heads_in_order, features, strict=True):
        with torch.no_grad():
            inner = head.pointwise(head.depthwise(tensor))
        assert head.norm.running_mean is not None
        torch.testing.assert_close(head.norm.running_mean, inner.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_a_rest_of_a_single_image_is_left_out(supernet: Supernet) -> None:
    count = BATCH + 1
    images, labels = toy_problem(count)
    network = ExitedSlice(BackboneSlice(supernet, design(0, *[0] * 8)), fresh_heads())
    recalibrate(network, [as_tensor(IMAGES, SPEC)])
    seen: list[tuple[int, int]] = []
    train_own_heads(network, images, labels, SPEC, RECIPE, 2, 0, lambda done, of, _: seen.append((done, of)))
    assert seen == [(1, 2), (2, 2)]
    assert all(torch.isfinite(tensor).all() for tensor in state(network).values())
