"""Training heads on a frozen network that runs in ONNX Runtime, with labels and the network's own answer as teacher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from codesign.backbones.batches import augmented
from codesign.backbones.supernet_training import Progress
from codesign.backbones.threads import torch_threads
from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

from .answers import onnx_session
from .deep_head import DeepHead
from .head_training import exit_loss
from .user_exits import UserNetwork, with_features

BATCH = 200
LEARNING_RATE, WEIGHT_DECAY = 4e-3, 1e-3


def train_user_heads(
    network: UserNetwork,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    *,
    epochs: int,
    augment: str,
    seed: int,
    progress: Progress,
) -> list[DeepHead]:
    """One trained head per exit, in their order, in eval mode; none where no exit can pay.

    Every epoch sees the images varied anew, so features are computed on the fly, one batch ahead on a second core:
    a network that knows its training images by heart has other features on them than on the same images shifted.

    Args:
        images: (n, height, width, 3) uint8, of the training split; the network may have seen them.
        labels: (n,).
        augment: none, shift or shift-flip.
    """
    if not network.heads:
        return []
    torch.manual_seed(seed)
    heads = [DeepHead(shape) for shape in network.heads.values()]
    steps = epochs * max(1, len(images) // BATCH)
    parameters = [parameter for head in heads for parameter in head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = OneCycleLR(optimiser, max_lr=LEARNING_RATE, total_steps=max(steps, 2))
    for head in heads:
        head.train()
    batches = _feature_batches(network, images, labels, spec, epochs, augment, np.random.default_rng([seed, 5]))
    with torch_threads(1):  # the other core computes the next batch's features
        for done, (features, final, target) in enumerate(batches, start=1):
            exits = [head(tensor) for head, tensor in zip(heads, features, strict=True)]
            loss = exit_loss(exits, final, target)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            progress(done, steps, f"epoch {(done - 1) * epochs // steps + 1}/{epochs}, loss {float(loss.detach()):.3f}")
    for head in heads:
        head.eval()
    return heads


def _feature_batches(
    network: UserNetwork,
    images: UInt8Array,
    labels: IntArray,
    spec: TensorSpec,
    epochs: int,
    augment: str,
    rng: np.random.Generator,
) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
    """Features of each exit, final logits, labels; whole batches only, unless there is less than one."""
    session, preprocess = onnx_session(with_features(network), 1), Preprocessing(spec)
    image = session.get_inputs()[0].name

    def batch(chosen: IntArray) -> Sequence[FloatArray]:
        found: Sequence[FloatArray] = session.run(None, {image: preprocess(augmented(images[chosen], augment, rng))})
        return found

    size = min(BATCH, len(images))
    orders = [rng.permutation(len(images)) for _ in range(epochs)]
    chosen = [order[at : at + size] for order in orders for at in range(0, len(order) - size + 1, size)]
    with ThreadPoolExecutor(max_workers=1) as ahead:  # one worker, so that the random numbers come in order
        waiting = ahead.submit(batch, chosen[0])
        for number, rows in enumerate(chosen):
            final, *features = waiting.result()
            if number + 1 < len(chosen):
                waiting = ahead.submit(batch, chosen[number + 1])
            tensors = [torch.from_numpy(feature) for feature in features]
            yield tensors, torch.from_numpy(final), torch.from_numpy(labels[rows])
