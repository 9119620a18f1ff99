"""A TOML file that says how a user's networks want their images: mean, std, size, layout."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from runtime.contract.errors import ConfigError

EXAMPLE = "mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225], size = [224, 224], layout = 'NCHW'"


@dataclass(frozen=True, slots=True)
class GivenPreprocessing:
    """What such a file says; None where it says nothing."""

    mean: tuple[float, ...] | None = None  # of images scaled to 0-1
    std: tuple[float, ...] | None = None
    size: tuple[int, int] | None = None  # height and width
    layout: Literal["NCHW", "NHWC"] | None = None


def read_preprocessing(file: Path) -> GivenPreprocessing:
    """Raises ConfigError on a file that is not there or no TOML, and on a key or value that cannot be meant."""
    where = str(file)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the preprocessing cannot be read: {error}", where=where) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=where, to_do=f"write {EXAMPLE}, one a line") from error
    known = [field.name for field in fields(GivenPreprocessing)]
    if unknown := sorted(table.keys() - set(known)):
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, to_do=f"use some of {', '.join(known)}")
    size = table.get("size")
    size = [size, size] if isinstance(size, int) and not isinstance(size, bool) else size
    numbers = {name: _numbers(table[name], name, 3, where) for name in ("mean", "std") if name in table}
    if size is not None:
        height, width = _numbers(size, "size", 2, where)
        if not (height >= 1 and width >= 1 and height.is_integer() and width.is_integer()):
            raise ConfigError(f"size must be whole pixels, got {size}", where=where, to_do=f"for example {EXAMPLE}")
        size = (int(height), int(width))
    layout = table.get("layout")
    if layout not in (None, "NCHW", "NHWC"):
        raise ConfigError(f"unknown layout {layout!r}", where=where, to_do="use NCHW or NHWC")
    return GivenPreprocessing(numbers.get("mean"), numbers.get("std"), size, layout)


def _numbers(value: Any, name: str, count: int, where: str) -> tuple[float, ...]:
    numbers = isinstance(value, list) and all(isinstance(part, int | float) for part in value)
    if not numbers or any(isinstance(part, bool) for part in value) or len(value) != count:
        raise ConfigError(f"{name} must be {count} numbers, got {value!r}", where=where, to_do=f"for example {EXAMPLE}")
    return tuple(float(part) for part in value)
