"""What a compilation will take, measured on a few steps of its own work on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from codesign.backbones.checkpoint import DESCRIPTION
from codesign.backbones.layout import channels_last
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import train_supernet
from codesign.data.load import load_data
from codesign.space.preset import load_preset

from .settings import Settings, budgeted
from .supernet_step import kept_supernet, supernet_key

TRIAL_BATCHES = 3
SECONDS_PER_SOLVED_CHAIN = 0.3  # assumed; a solve takes 0.05 to 0.5 s
HEADS_SHARE_OF_TRAINING = 0.35  # assumed: heads need the forward pass of one slice only
BYTES_PER_IMAGE_VALUE = 1
PROCESS_BYTES = 700_000_000  # assumed: interpreter, torch and ONNX Runtime, before any data


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds and bytes, predicted; `training_s` is 0 where a trained supernet is kept already."""

    training_s: float
    search_s: float
    memory_bytes: float
    disk_bytes: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.training_s + self.search_s


def estimate(settings: Settings, cache: Path) -> Estimate:
    """Train a few batches, time them, and multiply out. Reads the data, so bad data is found here too."""
    preset, data = budgeted(load_preset(settings.space), settings), load_data(settings.data, settings.seed)
    recipe, budget = preset.training, preset.search
    epochs = settings.epochs or recipe.epochs
    trial_images = min(len(data.train.labels), recipe.batch * TRIAL_BATCHES)
    torch.manual_seed(settings.seed)
    supernet = channels_last(Supernet(preset.space, len(data.classes)))
    images, labels = data.train.images[:trial_images], data.train.labels[:trial_images]

    def quiet(_done: int, _of: int, _note: str) -> None:
        return

    train_supernet(supernet, images, labels, data.input, recipe, 1, settings.seed, quiet)  # the first pass warms up
    started = time.perf_counter()
    train_supernet(supernet, images, labels, data.input, recipe, 1, settings.seed, quiet)
    seconds_per_image = (time.perf_counter() - started) / trial_images
    count = len(data.train.labels)
    kept = kept_supernet(cache, supernet_key(data, preset.space, recipe, epochs, settings.seed)) / DESCRIPTION
    training_s = 0.0 if kept.is_file() else seconds_per_image * count * epochs
    heads_s = seconds_per_image * count * recipe.head_epochs * HEADS_SHARE_OF_TRAINING
    evaluations = budget.population * budget.generations
    # Forward passes of half-sized slices cost about a sixth of a training step with its three or four slices.
    evaluation_s = seconds_per_image / 6 * (len(data.select.labels) + 512) + SECONDS_PER_SOLVED_CHAIN
    finalists_s = seconds_per_image / 6 * count * (budget.finalists + 2) * 2
    parameters = sum(parameter.numel() for parameter in supernet.parameters())
    pixels = data.input.height * data.input.width * 3
    images_bytes = sum(len(split.labels) for split in data.splits.values()) * pixels * BYTES_PER_IMAGE_VALUE
    return Estimate(
        training_s=training_s,
        search_s=heads_s + evaluations * evaluation_s + finalists_s,
        memory_bytes=PROCESS_BYTES + 2.0 * images_bytes + 16.0 * parameters + 20e3 * count,
        disk_bytes=8.0 * parameters + evaluations * 60e3 + len(data.test.labels) * pixels + 20e6,
    )
