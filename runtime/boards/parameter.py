"""A number of a board model, with how it came to be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Basis(str, Enum):
    """`read` in a public document or measurement, `fitted` to public measurements, or `assumed`."""

    READ = "read"
    FITTED = "fitted"
    ASSUMED = "assumed"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a simulator; its name says the unit."""

    name: str
    values: tuple[float, ...]  # one, or one per entry of a clock table
    basis: Basis
    source: str

    def sentence(self) -> str:
        """The parameter in words, for a report."""
        shown = ", ".join(f"{value:.4g}" for value in self.values)
        return f"{self.name} = {shown} ({self.basis}: {self.source})"
