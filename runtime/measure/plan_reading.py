"""A value of a measurement plan that knows where it stands, so that whatever is wrong is named by its key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.contract.errors import ConfigError

TO_DO = "mend the plan (`edge-runtime measure --help` shows one), then measure again"


@dataclass(frozen=True, slots=True)
class Entry:
    """`value` at `key` (as in `subjects[1].stages`) of the plan in file `source`. Every reader raises ConfigError."""

    value: Any
    source: str
    key: str = ""

    def wrong(self, wanted: str) -> ConfigError:
        """The error to raise where the value is not what was wanted."""
        return ConfigError(
            f"expected {wanted}, found {self.value!r:.80}",
            where=f"{self.source}: {self.key or 'top level'}",
            to_do=TO_DO,
        )

    def table(self, known: tuple[str, ...], required: tuple[str, ...] = ()) -> dict[str, Entry]:
        """The members of an object; a key that is not `known` stops, since a misspelt one would do nothing."""
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        members = {str(name): Entry(value, self.source, self._below(str(name))) for name, value in self.value.items()}
        if unknown := sorted(members.keys() - set(known)):
            raise ConfigError(
                f"unknown key {self._below(unknown[0])!r}",
                where=self.source,
                to_do=f"use some of: {', '.join(known)}",
            )
        if missing := [name for name in required if name not in members]:
            raise ConfigError(f"missing key {self._below(missing[0])!r}", where=self.source, to_do=TO_DO)
        return members

    def items(self) -> tuple[Entry, ...]:
        """The members of a list that is not empty."""
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("a list with at least one member")
        return tuple(Entry(value, self.source, f"{self.key}[{i}]") for i, value in enumerate(self.value))

    def text(self) -> str:
        """A string that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong("a string")
        return self.value

    def number(self, least: float, most: float) -> float:
        """A finite number from `least` to `most`."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.wrong(f"a number from {least:g} to {most:g}")
        return float(value)

    def count(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(f"a whole number from {least} to {most}")
        return value

    def above_zero(self, most: float) -> float:
        """A number above 0, at most `most`."""
        number = self.number(0.0, most)
        if math.isclose(number, 0.0, abs_tol=1e-12):
            raise self.wrong(f"a number above 0, at most {most:g}")
        return number

    def one_of(self, *choices: str) -> str:
        """One of a few words."""
        if self.value not in choices:
            raise self.wrong(f"one of {', '.join(choices)}")
        return str(self.value)

    def _below(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name
