"""A trained supernet as two files: weights in safetensors, its space and classes in TOML."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from codesign.space.backbone_space import BackboneSpace
from codesign.space.preset import parse_space, space_to_toml
from runtime.contract.errors import ConfigError, StorageError

from .layout import channels_last
from .supernet import Supernet

WEIGHTS, DESCRIPTION = "weights.safetensors", "supernet.toml"


@dataclass(frozen=True, slots=True)
class SupernetDescription:
    """`supernet.toml`."""

    space: BackboneSpace
    classes: tuple[str, ...]
    trained_on: str  # name of the data set and its fingerprint
    recipe: str  # fingerprint of how it was trained


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a module's weights, complete or not at all. Raises StorageError where the disk refuses."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    unfinished = path.with_suffix(".unfinished")
    try:
        save_file(tensors, unfinished)
        unfinished.replace(path)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"the weights cannot be written: {error}", where=str(path), to_do="free space, or choose another folder"
        ) from error


def load_weights(network: nn.Module, path: Path) -> None:
    """Read a module's weights in place. Raises ConfigError where the file is absent, damaged, or of another network."""
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise ConfigError(
            f"the weights cannot be read: {error}", where=str(path), to_do="train the supernet again"
        ) from error
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ConfigError(f"the weights are of another network: {first}", where=str(path)) from error


def save_supernet(supernet: Supernet, description: SupernetDescription, folder: Path) -> None:
    """Write both files; the description last, so that a folder with one is complete, whatever it held before.

    Raises:
        StorageError: the disk refuses.
    """
    lines = [
        "# a trained supernet of edge-codesign; the weights are beside this file",
        f"classes = {json.dumps(list(description.classes), ensure_ascii=False)}",
        f"trained_on = {json.dumps(description.trained_on, ensure_ascii=False)}",
        f"recipe = {json.dumps(description.recipe, ensure_ascii=False)}",
        "",
        space_to_toml(description.space),
    ]
    path = folder / DESCRIPTION
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # else an older one would vouch for the new weights
        save_weights(supernet, folder / WEIGHTS)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text("\n".join(lines), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(
            f"the supernet cannot be written: {error}", where=str(folder), to_do="free space, or choose another folder"
        ) from error


def read_description(folder: Path) -> SupernetDescription:
    """What a checkpoint says of itself. Raises ConfigError where there is none or it is garbled."""
    path = folder / DESCRIPTION
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{folder} holds no supernet: it has no {DESCRIPTION}",
            to_do="give the folder that `codesign train-supernet --out` wrote",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"the checkpoint's description cannot be read: {error}", where=str(path)) from error
    try:
        classes = tuple(map(str, table["classes"])) if isinstance(table["classes"], list) else ()
        trained_on, recipe = str(table["trained_on"]), str(table["recipe"])
    except KeyError as error:
        raise ConfigError(f"the checkpoint's description lacks {error}", where=str(path)) from error
    if not classes:
        raise ConfigError(f"classes must be a list of names, got {table['classes']!r}", where=str(path))
    return SupernetDescription(parse_space(table, str(path)), classes, trained_on, recipe)


def load_supernet(folder: Path) -> tuple[Supernet, SupernetDescription]:
    """A checkpoint as a network in channels-last memory. Raises ConfigError as the parts do."""
    description = read_description(folder)
    supernet = Supernet(description.space, len(description.classes))
    load_weights(supernet, folder / WEIGHTS)
    return channels_last(supernet), description


def with_new_classes(supernet: Supernet, classes: int, seed: int) -> Supernet:
    """The same features under a fresh classifier for other classes, to be fine-tuned."""
    torch.manual_seed(seed)
    fresh = Supernet(supernet.space, classes)
    kept = {name: tensor for name, tensor in supernet.state_dict().items() if not name.startswith("classifier.")}
    fresh.load_state_dict(kept, strict=False)
    return channels_last(fresh)
