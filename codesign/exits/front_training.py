"""Training a small front network to answer as a large one does: the images varied and mixed, the large one as teacher.

The large network knows its training images by heart; on mixtures of them it does not, and what it answers there is
what can be learnt from it (`mixed_images`). It is the dearer one to ask, so it is asked about `VIEWS` variations of
every image, which then come round again: a patient teacher that is asked less.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

from codesign.backbones.batches import augmented
from codesign.backbones.front_network import FrontNetwork
from codesign.backbones.layout import channels_last
from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.backbones.supernet_training import LEAST_SCHEDULE, Progress
from codesign.backbones.threads import torch_threads
from codesign.backbones.training_state import TrainingState
from codesign.backbones.user_model import UserModel
from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

from .answers import onnx_session
from .averaged_weights import AveragedWeights
from .joint_training import BF16
from .mixed_images import mixed

BATCH = 128
VIEWS = 6  # epochs after which the same variations come again
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, RISE = 0.2, 0.9, 5e-4, 0.2
MIXED_SHARE = 0.7  # of the batches
TEMPERATURE, LABEL_WEIGHT = 2.0, 0.3


def train_front(
    network: FrontNetwork,
    teacher: UserModel,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    *,
    epochs: int,
    augment: str,
    seed: int,
    progress: Progress,
    state_file: Path | None = None,
) -> None:
    """Train in place; leaves the running mean of the weights, in eval mode.

    Args:
        images, labels: (n, h, w, 3) bytes and (n,), the train split, which the teacher may have seen.
        augment: none, shift or shift-flip.
        seed: of order, variation and mixing; each of the `VIEWS` draws from a generator of its own.
        state_file: where the state after each epoch is kept; a training that finds one goes on from it. The caller
            removes it once the network is safe elsewhere.
    Raises:
        StorageError: the state file is damaged, or cannot be written.
    """
    network = channels_last(network)
    views = _Views(teacher, images, spec, augment, seed)
    steps = epochs * views.steps
    optimiser = torch.optim.SGD(
        network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True
    )
    total = max(steps, LEAST_SCHEDULE)
    schedule = OneCycleLR(optimiser, LEARNING_RATE, total_steps=total, pct_start=RISE, cycle_momentum=False)
    mean = AveragedWeights(network)
    state = TrainingState(nn.ModuleList([network, mean]), optimiser, schedule, state_file)
    finished = state.restored_epochs()
    done = finished * views.steps
    half = any(torch.cpu.get_capabilities().get(name, False) for name in BF16)
    network.train()
    with torch_threads(1):  # the other core varies the next batch and asks the teacher
        for epoch in range(finished, epochs):
            for batch, wanted, rows, mix in views.batches(epoch % VIEWS):
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    answer = network(batch).float()
                loss = front_loss(answer, wanted, None if mix else torch.from_numpy(labels[rows]))
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
                done += 1
                mean.follow(network, done)
                progress(done, steps, f"epoch {epoch + 1}/{epochs}, loss {float(loss.detach()):.3f}")
            state.keep(epoch + 1)
    network.load_state_dict(mean.means())
    network.eval()


def front_loss(answer: Tensor, teacher: Tensor, labels: Tensor | None) -> Tensor:
    """T² KL(teacher, answer), and some cross-entropy with the labels.

    Args:
        answer, teacher: (batch, classes) of logits.
        labels: (batch,); None where images were mixed.
    """
    wanted = functional.softmax(teacher / TEMPERATURE, dim=1)
    found = functional.log_softmax(answer / TEMPERATURE, dim=1)
    loss = TEMPERATURE**2 * functional.kl_div(found, wanted, reduction="batchmean")
    return loss if labels is None else loss + LABEL_WEIGHT * functional.cross_entropy(answer, labels)


class _Views:
    """Varied images with the teacher's answers, which are kept: (batches, batch, classes) for each view."""

    def __init__(self, teacher: UserModel, images: UInt8Array, spec: TensorSpec, augment: str, seed: int) -> None:
        self.session = onnx_session(teacher.model, 1)
        self.images, self.spec, self.augment, self.seed = images, spec, augment, seed
        self.size = min(BATCH, len(images))
        self.steps = len(images) // self.size  # whole batches only
        self.answers: dict[tuple[int, int], FloatArray] = {}

    def batches(self, view: int) -> Iterator[tuple[Tensor, Tensor, IntArray, bool]]:
        """Images (batch, 3, h, w), the teacher's logits, which images they are, and whether they are mixed."""
        rng = np.random.default_rng([self.seed, 7, view])
        order = rng.permutation(len(self.images))
        with ThreadPoolExecutor(max_workers=1) as ahead:  # one worker, so that the random numbers come in order
            waiting = ahead.submit(self._batch, order, view, 0, rng)
            for number in range(self.steps):
                found = waiting.result()
                if number + 1 < self.steps:
                    waiting = ahead.submit(self._batch, order, view, number + 1, rng)
                yield found

    def _batch(
        self, order: IntArray, view: int, number: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, IntArray, bool]:
        rows = order[number * self.size : (number + 1) * self.size]
        batch: FloatArray = Preprocessing(self.spec)(augmented(self.images[rows], self.augment, rng))
        if mix := bool(rng.random() < MIXED_SHARE):
            batch = np.ascontiguousarray(mixed(batch, self.spec.layout, rng))
        if (view, number) not in self.answers:
            self.answers[view, number] = self.session.run([LOGITS], {IMAGE: batch})[0]
        tensor = torch.from_numpy(batch)
        tensor = tensor.permute(0, 3, 1, 2) if self.spec.layout == "NHWC" else tensor
        tensor = tensor.contiguous(memory_format=torch.channels_last)
        return tensor, torch.from_numpy(self.answers[view, number]), rows, mix
