"""A preset: a space, a training recipe and a search budget in one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from runtime.contract.errors import ConfigError

from .backbone_space import BackboneSpace, StageSpace

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """How a supernet and its shared heads are trained. Learning rates are peaks of a one-cycle schedule."""

    epochs: int
    head_epochs: int
    batch: int
    min_steps_per_epoch: int  # small data sets get smaller batches
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    random_slices: int  # per step, besides the largest and the smallest (the sandwich rule)
    augment: str  # none, shift (±2 pixels of 32), or shift-flip
    fine_tune_epochs: int  # when a ready supernet is taken over for other classes


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How much is searched."""

    population: int
    generations: int
    max_exits: int  # early exits in one design, ends of earlier backbones included
    threshold_levels: int
    finalists: int  # backbones that get heads of their own
    finalist_head_epochs: int


@dataclass(frozen=True, slots=True)
class Preset:
    """What `--space` names."""

    space: BackboneSpace
    training: TrainingRecipe
    search: SearchBudget


def preset_names() -> tuple[str, ...]:
    """The presets that come with the package."""
    folder = resources.files("codesign.space") / "presets"
    return tuple(sorted(entry.name[: -len(".toml")] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_preset(name_or_file: str) -> Preset:
    """A preset by name, or from a TOML file of the user's. Raises ConfigError on an unknown name, key or value."""
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        if not path.is_file():
            raise ConfigError(
                f"no space file {name_or_file}", to_do=f"use one of {', '.join(preset_names())}, or a TOML"
            )
        text = path.read_text(encoding="utf-8")
    else:
        if name_or_file not in preset_names():
            raise ConfigError(
                f"unknown space {name_or_file!r}", to_do=f"use one of {', '.join(preset_names())}, or a .toml file"
            )
        text = (resources.files("codesign.space") / "presets" / f"{name_or_file}.toml").read_text(encoding="utf-8")
    return parse_preset(text, where=name_or_file)


def parse_preset(text: str, where: str) -> Preset:
    """A preset from TOML text; `where` names it in errors. Raises ConfigError on any key or value that is wrong."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=where) from error
    _only(table, {"space", "stages", "training", "search"}, where)
    return Preset(
        parse_space(table, where),
        _section(TrainingRecipe, table.get("training", {}), f"{where}: [training]"),
        _section(SearchBudget, table.get("search", {}), f"{where}: [search]"),
    )


def parse_space(table: Mapping[str, Any], where: str) -> BackboneSpace:
    """The space of a preset or of a checkpoint: its [space] table and [[stages]]."""
    try:
        stages = tuple(
            StageSpace(
                widths=tuple(stage["width"]),
                depths=tuple(stage["depth"]),
                kernels=tuple(stage["kernel"]),
                expansions=tuple(stage["expansion"]),
                stride=stage["stride"],
            )
            for stage in table["stages"]
        )
        values = dict(table["space"]) | {"resolutions": tuple(table["space"]["resolutions"]), "stages": stages}
    except (KeyError, TypeError) as error:
        raise ConfigError(f"the space lacks or garbles {error}", where=f"{where}: [space], [[stages]]") from error
    return _section(BackboneSpace, values, f"{where}: [space]")


def space_to_toml(space: BackboneSpace) -> str:
    """The [space] and [[stages]] tables that `parse_space` reads."""
    lines = [
        "[space]",
        f'name = "{space.name}"',
        f"resolutions = {list(space.resolutions)}",
        f"stem_width = {space.stem_width}",
        f"stem_stride = {space.stem_stride}",
        f"last_width = {space.last_width}",
        f'activation = "{space.activation}"',
        f"first_exit = {space.first_exit}",
    ]
    for stage in space.stages:
        lines += [
            "",
            "[[stages]]",
            f"width = {list(stage.widths)}",
            f"depth = {list(stage.depths)}",
            f"kernel = {list(stage.kernels)}",
            f"expansion = {list(stage.expansions)}",
            f"stride = {stage.stride}",
        ]
    return "\n".join(lines) + "\n"


def _section(section: type[Section], table: Mapping[str, Any], where: str) -> Section:
    known = {item.name for item in fields(section)}  # type: ignore[arg-type]
    _only(table, known, where)
    if missing := sorted(known - table.keys()):
        raise ConfigError(f"missing key {missing[0]!r}", where=where, to_do=f"give all of {sorted(known)}")
    return section(**table)


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, to_do=f"use one of {sorted(known)}")
