from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from codesign.backbones.batches import as_tensor
from codesign.backbones.layout import channels_last
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import batch_for, distillation_loss, train_supernet
from codesign.space.backbone_space import BackboneDesign
from runtime.contract.errors import StorageError
from tests.codesign.small_networks import RECIPE, SPACE, SPEC, quiet, small_supernet, toy_problem

EPOCHS = 3


def trained(
    seed: int = 0, state_file: Path | None = None, stop_after: int | None = None
) -> tuple[Supernet, list[float]]:
    """A supernet trained on the toy problem; interrupted after so many steps, if told."""
    images, labels = toy_problem(48)

    def progress(done: int, _of: int, _note: str) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    supernet = channels_last(small_supernet())
    losses = train_supernet(supernet, images, labels, SPEC, RECIPE, EPOCHS, seed, progress, state_file)
    return supernet, losses


def same_weights(left: Supernet, right: Supernet) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


def test_training_lowers_the_loss_and_makes_the_largest_and_the_smallest_right_on_new_images() -> None:
    images, labels = toy_problem(64)
    supernet = small_supernet()
    losses = train_supernet(supernet, images, labels, SPEC, RECIPE, 5, 0, quiet)
    assert len(losses) == 5
    assert losses[-1] < 0.5 * losses[0]
    unseen, wanted = toy_problem(60, seed=1)
    for design in (SPACE.largest(), SPACE.smallest()):
        with torch.no_grad():
            right = supernet(as_tensor(unseen, SPEC), design).argmax(dim=1).numpy() == wanted
        assert right.mean() > 0.8  # a third by chance


def test_each_step_trains_the_largest_the_smallest_and_some_random_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = toy_problem(32)
    used: list[BackboneDesign] = []
    forward = Supernet.forward

    def watched(self: Supernet, batch: torch.Tensor, design: BackboneDesign) -> torch.Tensor:
        used.append(design)
        return forward(self, batch, design)

    monkeypatch.setattr(Supernet, "forward", watched)
    recipe = replace(RECIPE, random_slices=3, min_steps_per_epoch=1)
    train_supernet(small_supernet(), images, labels, SPEC, recipe, 1, 0, quiet)
    assert len(used) == 2 * 5
    assert used[0] == used[5] == SPACE.largest()
    assert used[4] == used[9] == SPACE.smallest()
    assert used[1:4] != used[6:9]


def test_every_epoch_has_an_order_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = toy_problem(16)
    shown: list[torch.Tensor] = []
    forward = Supernet.forward

    def watched(self: Supernet, batch: torch.Tensor, design: BackboneDesign) -> torch.Tensor:
        shown.append(batch)
        return forward(self, batch, design)

    monkeypatch.setattr(Supernet, "forward", watched)
    recipe = replace(RECIPE, random_slices=0, augment="none")
    train_supernet(small_supernet(), images, labels, SPEC, recipe, 2, 0, quiet)
    first, _, second, _ = shown  # one batch an epoch, seen by the largest and by the smallest
    assert not torch.equal(first, second)
    assert torch.equal(first.flatten().sort().values, second.flatten().sort().values)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = trained(0)[0], trained(0)[0], trained(1)[0]
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_an_interrupted_training_goes_on_to_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    state_file = tmp_path / "state.pt"
    whole, losses = trained()
    with pytest.raises(KeyboardInterrupt):
        trained(state_file=state_file, stop_after=5)  # three steps an epoch: in the middle of the second
    assert state_file.is_file()
    resumed, rest = trained(state_file=state_file)
    assert same_weights(whole, resumed)
    assert rest == losses[1:]
    assert not state_file.exists()


def test_progress_counts_every_step_and_goes_on_where_it_was(tmp_path: Path) -> None:
    images, labels = toy_problem(48)
    seen: list[tuple[int, int, str]] = []

    def progress(done: int, of: int, note: str) -> None:
        seen.append((done, of, note))
        if len(seen) == 4:
            raise KeyboardInterrupt

    arguments = images, labels, SPEC, RECIPE, EPOCHS, 0, progress, tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        train_supernet(small_supernet(), *arguments)
    train_supernet(small_supernet(), *arguments)
    assert [done for done, _, _ in seen] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert {of for _, of, _ in seen} == {9}
    assert seen[-1][2].startswith("epoch 3/3, loss ")


def test_a_damaged_state_file_stops_the_training(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"garbage")
    with pytest.raises(StorageError, match="a half-finished training cannot be read"):
        trained(state_file=tmp_path / "state.pt")


def test_distillation_pulls_the_student_and_leaves_the_teacher_alone() -> None:
    student = torch.randn(4, 3, requires_grad=True)
    teacher = torch.randn(4, 3, requires_grad=True)
    loss = distillation_loss(student, teacher)
    torch.autograd.backward(loss)
    by_hand = -(teacher.softmax(dim=1) * student.log_softmax(dim=1)).sum(dim=1).mean()
    torch.testing.assert_close(loss, by_hand)
    assert teacher.grad is None
    torch.testing.assert_close(student.grad, (student.softmax(dim=1) - teacher.softmax(dim=1)).detach() / 4)


@pytest.mark.parametrize(
    ("samples", "batch"),
    [(10_000, 64), (64 * 28, 64), (64 * 28 - 1, 32), (32 * 28 - 1, 16), (100, 16), (2, 16)],
)
def test_few_images_get_smaller_batches_but_never_under_16(samples: int, batch: int) -> None:
    assert batch_for(replace(RECIPE, batch=64, min_steps_per_epoch=28), samples) == batch


def test_a_recipe_with_a_small_batch_keeps_it() -> None:
    assert batch_for(replace(RECIPE, batch=8, min_steps_per_epoch=28), 10) == 8


@pytest.mark.parametrize("steps", range(1, 8))
def test_a_training_of_any_few_steps_has_a_schedule(steps: int) -> None:
    images, labels = toy_problem(16)
    recipe = replace(RECIPE, random_slices=0, min_steps_per_epoch=1)
    assert len(train_supernet(small_supernet(), images, labels, SPEC, recipe, steps, 0, quiet)) == steps
