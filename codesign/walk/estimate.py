"""What a compilation will take, measured on a few steps of its own work on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from codesign.backbones.checkpoint import DESCRIPTION
from codesign.backbones.layout import channels_last
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import batch_for, train_supernet
from codesign.data.load import load_data
from codesign.space.narrowing import narrowed_choices
from codesign.space.preset import load_preset

from .compile import board_pricing, limits_of
from .feasibility import check_feasible
from .outer_step import check_strategy
from .search_predictor import predictor_of
from .settings import Settings, budgeted
from .supernet_step import kept_supernet, plan
from .user_estimate import user_run_estimate

TRIAL_BATCHES = 3
SECONDS_PER_SOLVED_CHAIN = 0.3  # assumed; a solve takes 0.05 to 0.5 s
HEADS_SHARE_OF_TRAINING = 0.35  # assumed: heads need the forward pass of one slice only
BYTES_PER_IMAGE_VALUE = 1
PROCESS_BYTES = 700_000_000  # assumed: interpreter, torch and ONNX Runtime, before any data


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds and bytes, predicted; `training_s` is 0 where a trained supernet is kept already, or no head pays."""

    training_s: float
    search_s: float
    memory_bytes: float
    disk_bytes: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.training_s + self.search_s

    @classmethod
    def of_boards(cls, each: Sequence[Estimate]) -> Estimate:
        """Of several boards one after the other, the supernet trained once; what they share is not taken off."""
        return cls(
            training_s=max(one.training_s for one in each),
            search_s=sum(one.search_s for one in each),
            memory_bytes=max(one.memory_bytes for one in each),
            disk_bytes=sum(one.disk_bytes for one in each),
        )


def estimate(settings: Settings, cache: Path) -> Estimate:
    """Train a few batches, time them, and multiply out.

    Reads the data and checks board and limits, so what a run would refuse at once is refused here too.

    Raises:
        EdgeCodesignError: as the first steps of a run do.
    """
    preset, pricing = budgeted(load_preset(settings.space), settings), board_pricing(settings)
    if settings.models:
        return Estimate(*user_run_estimate(settings))
    data = load_data(settings.data, settings.seed)
    recipe, budget, count = preset.training, preset.search, len(data.train.labels)
    planned = plan(data, preset, checkpoint=settings.checkpoint, epochs=settings.epochs, seed=settings.seed)
    predictor = predictor_of(settings, planned.space, data)
    pricing = pricing if predictor is None else predictor.priced(pricing)
    check_strategy(settings.strategy)
    narrowed_choices(planned.space, settings.left_out_genes)
    check_feasible(planned.space, data, pricing, limits_of(preset, settings), settings.energy)
    torch.manual_seed(settings.seed)
    supernet = channels_last(Supernet(planned.space, len(data.classes)))
    # Few images would get smaller batches than the run's, which take longer per image.
    recipe = replace(recipe, batch=batch_for(recipe, count), min_steps_per_epoch=1)
    trial_images = min(count, recipe.batch * TRIAL_BATCHES)
    images, labels = data.train.images[:trial_images], data.train.labels[:trial_images]

    def quiet(_done: int, _of: int, _note: str) -> None:
        return

    train_supernet(supernet, images, labels, data.input, recipe, 1, settings.seed, quiet)  # the first pass warms up
    started = time.perf_counter()
    train_supernet(supernet, images, labels, data.input, recipe, 1, settings.seed, quiet)
    seconds_per_image = (time.perf_counter() - started) / trial_images
    is_kept = (kept_supernet(cache, planned.key) / DESCRIPTION).is_file()
    training_s = 0.0 if is_kept else seconds_per_image * count * planned.epochs
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
