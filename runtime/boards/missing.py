"""What a machine lacks, why, and what its user can do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not there; what depends on it does without, and says so."""

    what: str  # for example "energy", "temperature", "rail VDD_SOC", "gpu clock"
    why: str
    to_do: str
