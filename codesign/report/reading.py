"""A JSON value that knows where it stands, so that whatever is wrong with it can be named by its path."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.contract.errors import ConfigError
from runtime.contract.kind import Kind

TO_DO = "compile again with this version of codesign; results.json is not meant to be edited by hand"


@dataclass(frozen=True, slots=True)
class Node:
    """`value` found at `path` (as in `modes[1].test.accuracy`). Every reader raises ConfigError naming that path."""

    value: Any
    path: str = ""

    def wrong(self, wanted: str) -> ConfigError:
        """The error to raise where the value is not what was wanted."""
        return ConfigError(
            f"expected {wanted}, found {self.value!r:.80}",
            where=f"results.json: {self.path or 'top level'}",
            to_do=TO_DO,
        )

    def at(self, key: str) -> Node:
        """The value under a key of this object."""
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        if key not in self.value:
            raise ConfigError(f"missing key {path!r}", where=f"results.json: {path}", to_do=TO_DO)
        return Node(self.value[key], path)

    @property
    def absent(self) -> bool:
        """Whether this is a null: not known, not applicable, not possible."""
        return self.value is None

    def items(self) -> tuple[Node, ...]:
        """The members of a list."""
        if not isinstance(self.value, list | tuple):
            raise self.wrong("a list")
        return tuple(Node(member, f"{self.path}[{index}]") for index, member in enumerate(self.value))

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def optional_text(self) -> str | None:
        """A string or null."""
        return None if self.absent else self.text()

    def texts(self) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(item.text() for item in self.items())

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise self.wrong("a finite number")
        return float(self.value)

    def optional_number(self) -> float | None:
        """A finite number or null."""
        return None if self.absent else self.number()

    def fraction(self) -> float:
        """A number from 0 to 1; rounding may leave a billionth outside, which is clipped."""
        number = self.number()
        if not -1e-9 <= number <= 1.0 + 1e-9:
            raise self.wrong("a fraction from 0 to 1")
        return min(max(number, 0.0), 1.0)

    def optional_fraction(self) -> float | None:
        """A fraction or null."""
        return None if self.absent else self.fraction()

    def above_zero(self) -> float:
        """A number greater than zero: an energy, a latency, a rate."""
        number = self.number()
        if number <= 0.0:
            raise self.wrong("a number above 0")
        return number

    def optional_above_zero(self) -> float | None:
        """A number above zero or null."""
        return None if self.absent else self.above_zero()

    def at_least_zero(self) -> float:
        """A number that is not negative: a duration, a size, a volume."""
        number = self.number()
        if number < 0.0:
            raise self.wrong("a number of at least 0")
        return number

    def count(self) -> int:
        """A whole number of at least zero."""
        number = self.at_least_zero()
        if number != int(number):
            raise self.wrong("a whole number")
        return int(number)

    def kind(self) -> Kind:
        """How a number is known."""
        try:
            return Kind(self.text())
        except ValueError:
            raise self.wrong(f"one of {', '.join(kind.value for kind in Kind)}") from None

    def mapping(self) -> tuple[tuple[str, Node], ...]:
        """The keys and values of an object, in the order written."""
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        return tuple((str(key), self.at(str(key))) for key in self.value)
