"""Training heads on a frozen backbone with labels and the final classifier's answer (HADAS, Eq. 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from codesign.backbones.batches import as_tensor, augmented, steps_per_epoch, training_batches
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import Progress, batch_for
from codesign.backbones.threads import torch_threads
from codesign.space.backbone_space import exit_positions
from codesign.space.preset import TrainingRecipe
from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.tensor_spec import TensorSpec

from .shared_heads import ExitedSlice, SharedHeads

TEMPERATURE = 2.0
LEARNING_RATE = 0.004
BATCH = 128


def exit_loss(exits: Sequence[Tensor], final: Tensor, labels: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Mean over exits of NLL(labels) + KD(final classifier), HADAS Eq. 4.

    *Logits* are divided by the temperature and the distillation term multiplied by its square, so that its gradient
    keeps its size (Hinton et al., arXiv:1503.02531).

    Args:
        exits: one (batch, classes) of logits per exit.
        final: (batch, classes), the teacher; gets no gradient.
        labels: (batch,).
    """
    teacher = functional.softmax(final.detach() / temperature, dim=1)
    losses = []
    for logits in exits:
        distilled = functional.kl_div(
            functional.log_softmax(logits / temperature, dim=1), teacher, reduction="batchmean"
        )
        losses.append(functional.cross_entropy(logits, labels) + temperature**2 * distilled)
    return torch.stack(losses).mean()


def _optimiser(heads: nn.Module, recipe: TrainingRecipe, steps: int) -> tuple[Optimizer, LRScheduler]:
    """How heads are trained, shared or a backbone's own: AdamW on one cycle of the learning rate."""
    optimiser = torch.optim.AdamW(heads.parameters(), lr=LEARNING_RATE, weight_decay=recipe.weight_decay)
    return optimiser, OneCycleLR(optimiser, max_lr=LEARNING_RATE, total_steps=max(steps, 2))


def train_shared_heads(
    heads: SharedHeads,
    supernet: Supernet,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    recipe: TrainingRecipe,
    epochs: int,
    seed: int,
    progress: Progress,
) -> None:
    """Train all heads in place, each step on one random backbone of the frozen supernet."""
    rng = np.random.default_rng([seed, 2])
    batch_size = batch_for(recipe, len(images))
    steps = epochs * steps_per_epoch(len(images), batch_size)
    optimiser, schedule = _optimiser(heads, recipe, steps)
    heads.train()
    done = 0
    for epoch in range(epochs):
        for batch, target in training_batches(images, labels, spec, batch_size, recipe.augment, rng):
            # The largest every other step: it alone has every position, and the deepest heads would starve without it.
            design = supernet.space.largest() if done % 2 else supernet.space.sample(rng)
            with torch.no_grad():
                features, final = supernet.features(batch, design)
            wanted = {position: features[position] for position in exit_positions(supernet.space, design)}
            loss = exit_loss(list(heads(wanted).values()), final, target)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            done += 1
            progress(done, steps, f"epoch {epoch + 1}/{epochs}, loss {float(loss.detach()):.3f}")


def train_own_heads(
    network: ExitedSlice,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    recipe: TrainingRecipe,
    epochs: int,
    seed: int,
    progress: Progress,
) -> None:
    """Train one backbone's heads further, in place, on its cached pooled features; the backbone is not touched.

    Leaves the network in eval mode with the heads' batch norm recalibrated on the same features.
    """
    rng = np.random.default_rng([seed, 3])
    network.eval()
    chunks = [
        network.pooled_features(as_tensor(augmented(images[at : at + BATCH], recipe.augment, rng), spec))
        for at in range(0, len(images), BATCH)
    ]
    features = [torch.cat([chunk[0][number] for chunk in chunks]) for number in range(len(network.heads))]
    finals, targets = torch.cat([chunk[1] for chunk in chunks]), torch.from_numpy(labels)
    steps = epochs * steps_per_epoch(len(images), BATCH)
    optimiser, schedule = _optimiser(network.heads, recipe, steps)
    network.heads.train()
    done = 0
    # Maps of 4×4 are too small to share out: a second thread brings nothing, and where the machine has other work to
    # do, waiting for it at every little operation made training 50 times slower.
    with torch_threads(1):
        for epoch in range(epochs):
            order = torch.from_numpy(rng.permutation(len(images)))
            for start in range(0, len(order), BATCH):
                chosen = order[start : start + BATCH]
                if len(chosen) < 2:
                    continue
                exits = [head(tensor[chosen]) for head, tensor in zip(network.heads, features, strict=True)]
                loss = exit_loss(exits, finals[chosen], targets[chosen])
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
                done += 1
                progress(done, steps, f"epoch {epoch + 1}/{epochs}, loss {float(loss.detach()):.3f}")
    with torch.no_grad():
        for head, tensor in zip(network.heads_in_order, features, strict=True):
            head.norm.reset_running_stats()
            for start in range(0, len(tensor), BATCH):
                if len(tensor) - start > 1:
                    head(tensor[start : start + BATCH])
    network.eval()
