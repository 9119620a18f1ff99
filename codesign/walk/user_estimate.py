"""What compiling a user's own networks will take, measured on a few batches of its own work on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from codesign.backbones.user_model import UserModel
from codesign.exits import front_training, joint_training
from codesign.exits.deep_head import DeepHead
from codesign.exits.trainable_exits import trainable, worth_training
from codesign.exits.user_exits import UserNetwork, user_network
from codesign.exits.user_head_training import BATCH, train_user_heads
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

from .front_step import new_front, untrained_front
from .settings import Settings
from .user_step import load_run_data, user_models_of

TRIAL_BATCHES = 3
CHAINS_S = 60.0  # assumed: answers on every split, solving, polishing, the certificate, the report
PROCESS_BYTES = 900_000_000  # assumed: interpreter, torch and ONNX Runtime with one batch of features


def user_run_estimate(settings: Settings) -> tuple[float, float, float, float]:
    """Seconds of training heads and networks, seconds of the rest, bytes of memory and of disk; all predicted.

    Raises:
        EdgeCodesignError: as the first steps of a run do.
    """
    models = user_models_of(settings)
    data = load_run_data(settings, models)
    train, count = data.train, len(data.train.labels)
    training_s = 0.0
    if settings.front is not None:
        trial = min(count, TRIAL_BATCHES * front_training.BATCH)
        _timed(_front(models[0], settings.seed), train, data.input, settings, min(count, front_training.BATCH))
        # At most: after some epochs the large network is not asked any more.
        seconds = _timed(_front(models[0], settings.seed), train, data.input, settings, trial)
        training_s += seconds / trial * count * settings.front_epochs
        models = (untrained_front(models[0]), *models)
    for model in models:
        network = worth_training(user_network(model)) if settings.finetune else user_network(model)
        _timed(_heads(network), train, data.input, settings, BATCH)  # the first pass warms up
        trial = min(count, TRIAL_BATCHES * BATCH)
        training_s += _timed(_heads(network), train, data.input, settings, trial) / trial * count * settings.head_epochs
        if settings.finetune and network.heads:
            trial = min(count, TRIAL_BATCHES * joint_training.BATCH)
            _timed(_jointly(network), train, data.input, settings, min(count, joint_training.BATCH))
            seconds = _timed(_jointly(network), train, data.input, settings, trial)
            training_s += seconds / trial * count * settings.finetune_epochs
    images_bytes = sum(split.images.nbytes for split in data.splits.values())
    stored_bytes = sum(len(model.model.SerializeToString()) for model in models)
    logits_bytes = sum(len(split.labels) for split in data.splits.values()) * len(data.classes) * 4.0 * 30
    return training_s, CHAINS_S, PROCESS_BYTES + 2.0 * images_bytes, 8.0 * stored_bytes + logits_bytes + images_bytes


def _timed(
    train: Callable[..., object], images: LabelledImages, spec: TensorSpec, settings: Settings, count: int
) -> float:
    """Seconds of one epoch of a training over the first images."""
    started = time.perf_counter()
    train(
        images.images[:count],
        images.labels[:count],
        spec,
        epochs=1,
        augment=settings.augmentation,
        seed=settings.seed,
        progress=lambda _done, _of, _note: None,
    )
    return time.perf_counter() - started


def _heads(network: UserNetwork) -> Callable[..., object]:
    return partial(train_user_heads, network)


def _front(large: UserModel, seed: int) -> Callable[..., object]:
    return partial(front_training.train_front, new_front(large, seed), large)


def _jointly(network: UserNetwork) -> Callable[..., object]:
    module = trainable(network, [DeepHead(shape) for shape in network.heads.values()])
    return partial(joint_training.train_jointly, module)
