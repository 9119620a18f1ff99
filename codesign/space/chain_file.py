"""A space of chains from a TOML file: one of those that come with the package, or a user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from runtime.contract.errors import ConfigError

from .chain_space import ChainSpace, ChainUnit

WRITTEN_AS = {"int": "a whole number", "str": "text", "bool": "true or false"}
TYPES = {"int": int, "str": str, "bool": bool}
LISTS = ("blocks", "kernels", "expansions")


def chain_names() -> tuple[str, ...]:
    """The spaces that come with the package."""
    folder = resources.files("codesign.space") / "chains"
    return tuple(sorted(entry.name[: -len(".toml")] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_chain_space(name_or_file: str) -> ChainSpace:
    """A space by name, or from a TOML file. Raises ConfigError on an unknown name, key or value."""
    if name_or_file in chain_names():
        text = (resources.files("codesign.space") / "chains" / f"{name_or_file}.toml").read_text(encoding="utf-8")
    elif name_or_file.endswith(".toml"):
        try:
            text = Path(name_or_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the space file cannot be read: {error}", where=name_or_file) from error
    else:
        known = ", ".join(chain_names())
        raise ConfigError(f"unknown space {name_or_file!r}", where="--space", to_do=f"use {known}, or a .toml file")
    return parse_chain_space(text, name_or_file)


def parse_chain_space(text: str, where: str) -> ChainSpace:
    """A space from TOML text; `where` names it in errors. Raises ConfigError on any key or value that is wrong."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=where) from error
    space, units = table.pop("space", None), table.pop("units", None)
    if not isinstance(space, dict) or table:
        raise ConfigError("a space file has one [space] table and [[units]] tables, nothing else", where=where)
    if not isinstance(units, list) or not all(isinstance(unit, dict) for unit in units):
        raise ConfigError("there are no [[units]] tables", where=where, to_do="give one per unit")
    values = _checked(space, ChainSpace, f"{where}: [space]")
    of_units = tuple(
        ChainUnit(**_checked(unit, ChainUnit, f"{where}: units[{number}]")) for number, unit in enumerate(units)
    )
    try:
        return ChainSpace(**values, units=of_units)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, to_do=error.to_do) from error


def _checked(table: Mapping[str, Any], into: type[ChainSpace] | type[ChainUnit], where: str) -> dict[str, Any]:
    """The values of a table: no key unknown, none missing, each of the type that is annotated."""
    types = {item.name: str(item.type) for item in fields(into) if item.name != "units"}
    for wrong, what in ((table.keys() - types.keys(), "unknown"), (types.keys() - table.keys(), "missing")):
        if wrong:
            raise ConfigError(f"{what} key {min(wrong)!r}", where=where, to_do=f"give all of {sorted(types)}")
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in LISTS:
            if not isinstance(value, list) or not all(type(item) is int for item in value):
                raise ConfigError(f"{name} must be a list of whole numbers, got {value!r}", where=where)
            values[name] = tuple(value)
        else:
            if type(value) is not TYPES[types[name]]:  # not isinstance: True counts as 1
                raise ConfigError(f"{name} must be {WRITTEN_AS[types[name]]}, got {value!r}", where=where)
            values[name] = value
    return values
