"""Training the supernet: sandwich rule and in-place distillation.

Each step trains the largest slice on the labels and the smallest plus some random ones on the largest's answer
(Yu and Huang, "Universally slimmable networks", arXiv:1903.05134).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from codesign.space.preset import TrainingRecipe
from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.tensor_spec import TensorSpec

from .batches import steps_per_epoch, training_batches
from .supernet import Supernet
from .training_state import TrainingState

LEAST_SCHEDULE = 6  # steps; at exactly five, torch's rise over a fifth of them has no length and divides by it
Progress = Callable[[int, int, str], None]  # done, of, what it says beside the bar


def distillation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Cross-entropy of the student's logits (batch, classes) against the teacher's probabilities; no gradient to it."""
    return functional.cross_entropy(student, functional.softmax(teacher.detach(), dim=1))


def batch_for(recipe: TrainingRecipe, samples: int) -> int:
    """The recipe's batch, or less where so few images would make too few steps; never under 16."""
    batch = recipe.batch
    while batch > 16 and samples // batch < recipe.min_steps_per_epoch:
        batch //= 2
    return batch


def train_supernet(
    supernet: Supernet,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    recipe: TrainingRecipe,
    epochs: int,
    seed: int,
    progress: Progress,
    state_file: Path | None = None,
) -> list[float]:
    """Train in place; returns the largest slice's mean loss of each epoch trained now.

    Args:
        images, labels: (n, h, w, 3) bytes and (n,), the train split and nothing else.
        epochs: of the recipe's schedule; a fine-tuning of a ready supernet passes fewer.
        seed: of order, augmentation and the slices drawn; each epoch draws from a generator of its own.
        state_file: where the state after each epoch is kept; a training that finds one goes on from it.
    Raises:
        StorageError: the state file is damaged.
    """
    decayed = [p for p in supernet.parameters() if p.ndim > 1]
    plain = [p for p in supernet.parameters() if p.ndim <= 1]  # scales, shifts and biases are not decayed
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
    )
    batch_size = batch_for(recipe, len(images))
    steps_each = steps_per_epoch(len(images), batch_size)
    steps = epochs * steps_each
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=max(steps, LEAST_SCHEDULE), pct_start=0.2
    )
    largest, smallest = supernet.space.largest(), supernet.space.smallest()
    supernet.train()
    state = TrainingState(supernet, optimiser, schedule, state_file)
    finished = state.restored_epochs()
    losses, done = [], finished * steps_each
    for epoch in range(finished, epochs):
        rng = np.random.default_rng([seed, 1, epoch])
        epoch_losses = []
        for batch, target in training_batches(images, labels, spec, batch_size, recipe.augment, rng):
            optimiser.zero_grad()
            teacher = supernet(batch, largest)
            loss = functional.cross_entropy(teacher, target, label_smoothing=recipe.label_smoothing)
            torch.autograd.backward(loss)
            for slice_ in [supernet.space.sample(rng) for _ in range(recipe.random_slices)] + [smallest]:
                torch.autograd.backward(distillation_loss(supernet(batch, slice_), teacher))
            optimiser.step()
            schedule.step()
            done += 1
            epoch_losses.append(float(loss.detach()))
            progress(done, steps, f"epoch {epoch + 1}/{epochs}, loss {epoch_losses[-1]:.3f}")
        losses.append(float(np.mean(epoch_losses)))
        state.keep(epoch + 1)
    state.forget()
    return losses
