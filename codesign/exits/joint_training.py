"""Fine-tuning a user's network together with its exits, the network as it was brought as the teacher of all of them.

A frozen network's early features were not made to classify; trained on with the exits' gradients they are. What the
last classifier may lose by it is held back: it is taught its own former answers, with more weight than any exit and
mostly on mixed images; gradients are in equilibrium (`backbones.gradient_scaling`), the weights kept are a running
mean after the epoch that did best on new images (`best_epoch`), and `finetune_guard` goes back towards the start where
those say so. Where images may be mirrored, the teacher's answer is that to an image and to its mirror image together,
which is right more often than either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from codesign.backbones.batches import augmented, steps_per_epoch
from codesign.backbones.supernet_training import Progress
from codesign.backbones.trainable_onnx import TrainableOnnx
from codesign.backbones.training_state import TrainingState
from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

from .averaged_weights import AveragedWeights
from .best_epoch import BestEpoch, Judge
from .mixed_images import mixed
from .trainable_exits import TrainableExits

BATCH = 128
BACKBONE_RATE, HEAD_RATE, HEAD_DECAY = 5e-4, 2e-3, 1e-3
WARM_UP = 100  # steps, or a tenth of few
MIXED_SHARE = 0.7  # of the batches
TEMPERATURE, LABEL_WEIGHT = 2.0, 0.5
LAST_WEIGHT = 3.0  # of the last exit's agreement with the teacher, beside one of each early exit
BF16 = ("avx512_bf16", "amx_bf16")  # with one of them a step of ResNet-20 takes 0.20 s instead of 0.36 s


def train_jointly(
    network: TrainableExits,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    *,
    epochs: int,
    augment: str,
    seed: int,
    progress: Progress,
    state_file: Path | None = None,
    judge: Judge | None = None,
) -> None:
    """Train backbone and heads in place; leaves the running mean of their weights, in eval mode.

    Args:
        images, labels: (n, h, w, 3) bytes and (n,), the train split, which the network may have seen.
        augment: none, shift or shift-flip.
        seed: of order, augmentation and mixing; each epoch draws from a generator of its own.
        state_file: where the state after each epoch is kept; a training that finds one goes on from it. The caller
            removes it once what was trained is safe elsewhere.
        judge: scores the running mean after each epoch; the best is kept. None: the last one is.
    Raises:
        StorageError: the state file is damaged, or cannot be written.
    """
    teacher = deepcopy(network.backbone).requires_grad_(requires_grad=False)
    size = min(BATCH, len(images))
    steps_each = steps_per_epoch(len(images), size)
    optimiser, schedule = _optimiser(network, epochs * steps_each)
    mean, best, judged = AveragedWeights(network), BestEpoch(network), deepcopy(network)
    state = TrainingState(nn.ModuleList([network, mean, best]), optimiser, schedule, state_file)
    finished = state.restored_epochs()
    done = finished * steps_each
    half = any(torch.cpu.get_capabilities().get(name, False) for name in BF16)
    network.train()
    for epoch in range(finished, epochs):
        rng = np.random.default_rng([seed, 6, epoch])
        for batch, target in _batches(images, labels, spec, size, augment, rng):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                with torch.no_grad():
                    wanted = _told(teacher, batch, spec, mirrored=augment == "shift-flip")
                answers = [logits.float() for logits in network(batch)]
            loss = joint_loss(answers, wanted, target)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            done += 1
            mean.follow(network, done)
            progress(done, epochs * steps_each, f"epoch {epoch + 1}/{epochs}, loss {float(loss.detach()):.3f}")
        if judge is not None:
            judged.load_state_dict(mean.means())
            best.offer(mean.means(), judge(judged))
        state.keep(epoch + 1)
    network.load_state_dict(mean.means() if judge is None else best.best())
    network.eval()


def joint_loss(answers: Sequence[Tensor], teacher: Tensor, labels: Tensor | None) -> Tensor:
    """Sum over all exits of T² KL(teacher, exit), the last one's weighted, and over the early ones of cross-entropy.

    The last one gets no labels: on images that it knows by heart they would teach it nothing but more certainty.

    Args:
        answers: one (batch, classes) of logits per exit, the network's own last.
        teacher: (batch, classes) of logits of the network as it was brought.
        labels: (batch,); None where images were mixed.
    """
    wanted = functional.softmax(teacher / TEMPERATURE, dim=1)
    *early, last = (
        TEMPERATURE**2
        * functional.kl_div(functional.log_softmax(logits / TEMPERATURE, dim=1), wanted, reduction="batchmean")
        for logits in answers
    )
    losses = [*early, LAST_WEIGHT * last]
    if labels is not None:
        losses += [LABEL_WEIGHT * functional.cross_entropy(logits, labels) for logits in answers[:-1]]
    return torch.stack(losses).sum()


def _told(teacher: TrainableOnnx, batch: Tensor, spec: TensorSpec, *, mirrored: bool) -> Tensor:
    """(batch, classes): the teacher's logits, or the mean log-probabilities of an image and its mirror image."""
    told: Tensor = teacher(batch)[0].float()
    if not mirrored:
        return told
    across = 3 if spec.layout == "NCHW" else 2
    other: Tensor = teacher(batch.flip(across))[0].float()
    return (functional.log_softmax(told, dim=1) + functional.log_softmax(other, dim=1)) / 2.0


def _optimiser(network: TrainableExits, steps: int) -> tuple[torch.optim.Optimizer, LambdaLR]:
    optimiser = torch.optim.AdamW(
        [
            {"params": network.backbone.parameters(), "lr": BACKBONE_RATE, "weight_decay": 0.0},
            {"params": network.heads.parameters(), "lr": HEAD_RATE, "weight_decay": HEAD_DECAY},
        ]
    )

    rise = max(1, min(WARM_UP, steps // 10))

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / rise) * 0.5 * (1.0 + float(np.cos(np.pi * min(step / steps, 1.0))))

    return optimiser, LambdaLR(optimiser, factor)


def _batches(
    images: UInt8Array, labels: IntArray, spec: TensorSpec, size: int, augment: str, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """One epoch in a new order, varied, some batches mixed; labels (batch,) of those that are not."""
    preprocess, order = Preprocessing(spec), rng.permutation(len(images))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        if len(chosen) < 2:
            continue  # batch norms of heads have no statistics of one image
        batch: FloatArray = preprocess(augmented(images[chosen], augment, rng))
        mix = rng.random() < MIXED_SHARE
        tensor = torch.from_numpy(np.ascontiguousarray(mixed(batch, spec.layout, rng) if mix else batch))
        tensor = tensor.contiguous(memory_format=torch.channels_last)
        yield tensor, None if mix else torch.from_numpy(labels[chosen])
