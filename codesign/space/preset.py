"""A preset: a space, a training recipe and a search budget in one TOML file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.contract.errors import ConfigError

from .backbone_space import GENES_PER_STAGE, BackboneSpace, StageSpace

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AUGMENTATIONS = ("none", "shift", "shift-flip")
WRITTEN_AS = {"int": "a whole number", "float": "a number", "str": "text"}  # annotations of single values

Section = TypeVar("Section", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """How a supernet and its shared heads are trained. Learning rates are peaks of a one-cycle schedule.

    Raises ConfigError on a value out of its range.
    """

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

    def __post_init__(self) -> None:
        for name in ("epochs", "head_epochs", "min_steps_per_epoch", "fine_tune_epochs"):
            _at_least(1, name, getattr(self, name))
        _at_least(2, "batch", self.batch)  # one sample has no batch statistics
        _at_least(0, "random_slices", self.random_slices)
        _at_least(0, "weight_decay", self.weight_decay)
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate must be above 0, got {self.learning_rate}")
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must be from 0 to below 1, got {self.label_smoothing}")
        if self.augment not in AUGMENTATIONS:
            raise ConfigError(f"unknown augmentation {self.augment!r}; use one of {', '.join(AUGMENTATIONS)}")


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How much is searched. Raises ConfigError on a value that searches nothing."""

    population: int
    generations: int
    max_exits: int  # early exits in one design, ends of earlier backbones included
    threshold_levels: int
    finalists: int  # backbones that get heads of their own
    finalist_head_epochs: int

    def __post_init__(self) -> None:
        for item in fields(self):
            _at_least(1, item.name, getattr(self, item.name))


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
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the space file cannot be read: {error}", where=name_or_file) from error
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
    """The space of a preset or of a checkpoint: its [space] table and [[stages]].

    Raises:
        ConfigError: a table or key that is missing or unknown, or a value that is wrong; `where` names the file.
    """
    space, stages = table.get("space"), table.get("stages")
    if not isinstance(space, dict):
        raise ConfigError("there is no [space] table", where=where, to_do="see the presets for one that is complete")
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise ConfigError("there are no [[stages]] tables", where=where, to_do="give one per stage of the backbone")
    of_stages = tuple(_stage(stage, f"{where}: stages[{number}]") for number, stage in enumerate(stages))
    values = dict(space) | {"stages": of_stages}
    if "resolutions" in space:
        values["resolutions"] = _choices(space, "resolutions", f"{where}: [space]")
    return _section(BackboneSpace, values, f"{where}: [space]")


def space_to_toml(space: BackboneSpace) -> str:
    """The [space] and [[stages]] tables that `parse_space` reads."""
    lines = [
        "[space]",
        f"name = {json.dumps(space.name, ensure_ascii=False)}",
        f"resolutions = {list(space.resolutions)}",
        f"stem_width = {space.stem_width}",
        f"stem_stride = {space.stem_stride}",
        f"last_width = {space.last_width}",
        f"activation = {json.dumps(space.activation)}",
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


def _stage(table: Mapping[str, Any], where: str) -> StageSpace:
    _complete(table, {*GENES_PER_STAGE, "stride"}, where)
    values = {f"{gene}s": _choices(table, gene, where) for gene in GENES_PER_STAGE}
    return _section(StageSpace, {**values, "stride": table["stride"]}, where)


def _choices(table: Mapping[str, Any], key: str, where: str) -> tuple[int, ...]:
    values = table[key]
    if not isinstance(values, list) or not all(_is("int", value) for value in values):
        raise ConfigError(f"{key} must be a list of whole numbers, got {values!r}", where=where)
    return tuple(values)


def _section(section: type[Section], table: Any, where: str) -> Section:
    """One table as a dataclass: no key unknown, none missing, single values of the type annotated."""
    if not isinstance(table, dict):
        raise ConfigError(f"this must be a table, got {table!r}", where=where)
    types = {item.name: item.type for item in fields(section)}
    _complete(table, types.keys(), where)
    for name, type_ in types.items():
        if type_ in WRITTEN_AS and not _is(str(type_), table[name]):
            raise ConfigError(f"{name} must be {WRITTEN_AS[str(type_)]}, got {table[name]!r}", where=where)
    try:
        return section(**table)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, to_do=error.to_do) from error


def _is(type_: str, value: object) -> bool:
    if isinstance(value, bool):
        return False  # Python counts True as 1; a TOML file that says `true` does not mean it
    if type_ == "float":
        return isinstance(value, int | float)
    return isinstance(value, int if type_ == "int" else str)


def _at_least(least: int, name: str, value: float) -> None:
    if not value >= least:
        raise ConfigError(f"{name} must be at least {least}, got {value}")


def _complete(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    _only(table, known, where)
    if missing := sorted(set(known) - table.keys()):
        raise ConfigError(f"missing key {missing[0]!r}", where=where, to_do=f"give all of {sorted(known)}")


def _only(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    if unknown := sorted(table.keys() - set(known)):
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, to_do=f"use one of {sorted(known)}")
