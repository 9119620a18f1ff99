"""The supernet of a run: taken over, found in the cache, or trained and kept there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from codesign.backbones.checkpoint import (
    DESCRIPTION,
    SupernetDescription,
    load_supernet,
    read_description,
    save_supernet,
    with_new_classes,
)
from codesign.backbones.layout import channels_last
from codesign.backbones.supernet import Supernet
from codesign.backbones.supernet_training import train_supernet
from codesign.data.dataset import Dataset
from codesign.space.backbone_space import BackboneSpace
from codesign.space.preset import Preset, TrainingRecipe, space_to_toml
from runtime.contract.fingerprint import json_sha256

from .progress import Tick


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to get the supernet of a run."""

    space: BackboneSpace
    epochs: int  # 0: the checkpoint is used as it is
    key: str  # names its weights: what it is kept under in the cache, or what the checkpoint calls them
    origin: str
    start: str | None  # names the checkpoint's weights; None: it starts from nothing


@dataclass(frozen=True, slots=True)
class SupernetStep:
    """A supernet for the classes of a data set, and where it came from."""

    supernet: Supernet
    origin: str
    kept: str | None  # the key it is kept under in the cache; None: a user's checkpoint, used as it is
    was_kept: bool  # nothing was trained now; no part of `origin`, so that a resumed run writes the same bundle


def supernet_key(data: Dataset, space: BackboneSpace, recipe: TrainingRecipe, epochs: int, seed: int) -> str:
    """What a trained supernet is kept under: all that decides its weights."""
    return json_sha256(
        {
            "data": data.fingerprint,
            "space": space_to_toml(space),
            "recipe": asdict(recipe),
            "epochs": epochs,
            "seed": seed,
            "torch": torch.__version__,
        }
    )[:16]


def plan(data: Dataset, preset: Preset, *, checkpoint: Path | None, epochs: int | None, seed: int) -> Plan:
    """Fine-tune a ready checkpoint, or train from nothing; a checkpoint of exactly this data needs neither.

    Raises:
        ConfigError: the checkpoint is absent or damaged.
    """
    recipe = preset.training
    if checkpoint is None:
        epochs = epochs or recipe.epochs
        key = supernet_key(data, preset.space, recipe, epochs, seed)
        return Plan(preset.space, epochs, key, f"trained here for {epochs} epochs", None)
    description = read_description(checkpoint)
    if description.trained_on == trained_on(data) and description.classes == data.classes:
        origin = f"taken as it is from {checkpoint}"
        return Plan(description.space, 0, description.recipe, origin, description.recipe)
    epochs = epochs or recipe.fine_tune_epochs
    source = f"{description.recipe}-{supernet_key(data, description.space, recipe, epochs, seed)}"
    origin = f"fine-tuned for {epochs} epochs from {description.trained_on}"
    return Plan(description.space, epochs, json_sha256(source)[:16], origin, description.recipe)


def obtain_supernet(
    data: Dataset, preset: Preset, *, checkpoint: Path | None, epochs: int | None, seed: int, cache: Path, tick: Tick
) -> SupernetStep:
    """Carry out the plan; what is trained is trained only once per data, space, recipe and seed.

    Raises:
        ConfigError: the checkpoint is absent, damaged or of another network.
    """
    planned = plan(data, preset, checkpoint=checkpoint, epochs=epochs, seed=seed)
    start = None if checkpoint is None else load_supernet(checkpoint)[0]
    if start is not None and planned.epochs == 0:
        return SupernetStep(start, planned.origin, None, was_kept=True)
    kept = kept_supernet(cache, planned.key)
    if (kept / DESCRIPTION).is_file():
        return SupernetStep(load_supernet(kept)[0], planned.origin, planned.key, was_kept=True)
    if start is None:
        torch.manual_seed(seed)
        supernet = channels_last(Supernet(planned.space, len(data.classes)))
    else:
        supernet = with_new_classes(start, len(data.classes), seed)
    train, recipe, epochs = data.train, preset.training, planned.epochs
    state_file = cache / "unfinished" / f"{planned.key}.pt"
    train_supernet(supernet, train.images, train.labels, data.input, recipe, epochs, seed, tick, state_file)
    description = SupernetDescription(planned.space, data.classes, trained_on(data), planned.key)
    save_supernet(supernet, description, kept)
    return SupernetStep(supernet, planned.origin, planned.key, was_kept=False)


def kept_supernet(cache: Path, key: str) -> Path:
    """The folder of a kept supernet."""
    return cache / "supernets" / key


def trained_on(data: Dataset) -> str:
    """How a checkpoint names its data."""
    return f"{data.name} ({data.fingerprint[:12]})"
