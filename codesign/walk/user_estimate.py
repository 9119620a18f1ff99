"""What compiling a user's own networks will take, measured on a few batches of its own work on this machine."""

from __future__ import annotations

import time

from codesign.exits.user_exits import UserNetwork, user_network
from codesign.exits.user_head_training import BATCH, train_user_heads
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

from .settings import Settings
from .user_step import load_run_data, user_models_of

TRIAL_BATCHES = 3
CHAINS_S = 60.0  # assumed: answers on every split, solving, polishing, the certificate, the report
PROCESS_BYTES = 900_000_000  # assumed: interpreter, torch and ONNX Runtime with one batch of features


def user_run_estimate(settings: Settings) -> tuple[float, float, float, float]:
    """Seconds of training heads, seconds of the rest, bytes of memory and of disk; all predicted.

    Raises:
        EdgeCodesignError: as the first steps of a run do.
    """
    models = user_models_of(settings)
    data = load_run_data(settings, models)
    train, count = data.train, len(data.train.labels)
    training_s = 0.0
    for model in models:
        network = user_network(model)
        _timed(network, train, data.input, settings, BATCH)  # the first pass warms up
        trial = min(count, TRIAL_BATCHES * BATCH)
        training_s += _timed(network, train, data.input, settings, trial) / trial * count * settings.head_epochs
    images_bytes = sum(split.images.nbytes for split in data.splits.values())
    stored_bytes = sum(len(model.model.SerializeToString()) for model in models)
    logits_bytes = sum(len(split.labels) for split in data.splits.values()) * len(data.classes) * 4.0 * 30
    return training_s, CHAINS_S, PROCESS_BYTES + 2.0 * images_bytes, 8.0 * stored_bytes + logits_bytes + images_bytes


def _timed(network: UserNetwork, images: LabelledImages, spec: TensorSpec, settings: Settings, count: int) -> float:
    started = time.perf_counter()
    train_user_heads(
        network,
        images.images[:count],
        images.labels[:count],
        spec,
        epochs=1,
        augment=settings.augmentation,
        seed=settings.seed,
        progress=lambda _done, _of, _note: None,
    )
    return time.perf_counter() - started
