"""The supernet of a run: taken over, found in the cache, or trained and kept there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from codesign.backbones.checkpoint import (
    DESCRIPTION,
    SupernetDescription,
    load_supernet,
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
class SupernetStep:
    """A supernet for the classes of a data set, and where it came from."""

    supernet: Supernet
    origin: str
    kept: str | None  # the key it is kept under in the cache; None: a user's checkpoint, used as it is


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


def obtain_supernet(
    data: Dataset, preset: Preset, *, checkpoint: Path | None, epochs: int | None, seed: int, cache: Path, tick: Tick
) -> SupernetStep:
    """Fine-tune a ready checkpoint, or train from nothing; either way only once per data, space, recipe and seed.

    Raises:
        ConfigError: the checkpoint is absent, damaged or of another network.
    """
    if checkpoint is None:
        space, epochs = preset.space, epochs or preset.training.epochs
        key, start = supernet_key(data, space, preset.training, epochs, seed), None
        origin = f"trained here for {epochs} epochs"
    else:
        start, description = load_supernet(checkpoint)
        space, epochs = description.space, epochs or preset.training.fine_tune_epochs
        source = f"{description.recipe}-{supernet_key(data, space, preset.training, epochs, seed)}"
        key, origin = json_sha256(source)[:16], f"fine-tuned for {epochs} epochs from {description.trained_on}"
        if description.trained_on == trained_on(data) and description.classes == data.classes:
            return SupernetStep(start, f"taken as it is from {checkpoint}", None)
    kept = kept_supernet(cache, key)
    if (kept / DESCRIPTION).is_file():
        return SupernetStep(load_supernet(kept)[0], f"{origin} (kept from an earlier run)", key)
    if start is None:
        torch.manual_seed(seed)
        supernet = channels_last(Supernet(space, len(data.classes)))
    else:
        supernet = with_new_classes(start, len(data.classes), seed)
    train = data.train
    state_file = cache / "unfinished" / f"{key}.pt"
    train_supernet(supernet, train.images, train.labels, data.input, preset.training, epochs, seed, tick, state_file)
    save_supernet(supernet, SupernetDescription(space, data.classes, trained_on(data), key), kept)
    return SupernetStep(supernet, origin, key)


def kept_supernet(cache: Path, key: str) -> Path:
    """The folder of a kept supernet."""
    return cache / "supernets" / key


def trained_on(data: Dataset) -> str:
    """How a checkpoint names its data."""
    return f"{data.name} ({data.fingerprint[:12]})"
