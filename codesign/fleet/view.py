"""What the fleet page shows, worked out from a collected set: words and numbers, no drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from codesign.collect.store import Store, StoreState
from runtime.contract.expected_answers import ExpectedAnswers

from .drift import FALSE_ALARMS, FleetDrift, drift_of
from .expected_mix import Key
from .questions import QUESTIONS, ask

Row = Mapping[str, Any]
OFF = 0.10  # promise and reality further apart than this are pointed out
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Exits:
    """How many images left at each exit, of one mode of a bundle on one kind of board."""

    label: str
    shares: tuple[float, ...]
    images: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """One look at a set."""

    state: StoreState
    answers: Mapping[str, Sequence[Row]]
    at_us: int  # wall time of the look
    missing_after_h: float
    drift: FleetDrift

    @property
    def images(self) -> int:
        """All that were answered."""
        return sum(int(row["images"]) for row in self.answers["boards"])

    @property
    def devices(self) -> Sequence[Row]:
        """Longest silent first."""
        return self.answers["devices"]

    @property
    def missing(self) -> list[Row]:
        """Devices that have not been heard of for so long."""
        return [row for row in self.devices if self.silent_h(row) >= self.missing_after_h]

    @property
    def off(self) -> list[Row]:
        """Devices whose energy or latency is not what was promised, the worst first."""
        return [row for row in worst_first(self.devices) if _off(row) > OFF]

    @property
    def alarms(self) -> list[Row]:
        """Events of drift."""
        return [row for row in self.answers["events"] if str(row["name"]).startswith("drift")]

    @property
    def exits(self) -> list[Exits]:
        """By mode, bundle and board."""
        counts: dict[str, list[int]] = {}
        for row in self.answers["exits"]:
            label = f"{row['mode']} · {str(row['bundle_id'])[:10]} · {row['board']}"
            counts.setdefault(label, []).append(int(row["images"]))
        return [Exits(label, tuple(n / max(sum(each), 1) for n in each), sum(each)) for label, each in counts.items()]

    def silent_h(self, row: Row) -> float:
        """Hours since a device was last heard of; for ever where its clock is not to be believed."""
        return float("inf") if row["last_us"] is None else (self.at_us - int(row["last_us"])) / HOUR_US


NOTHING_EXPECTED: Mapping[Key, ExpectedAnswers] = {}


def look_at(
    store: Store,
    at: datetime,
    missing_after_h: float,
    expected: Mapping[Key, ExpectedAnswers] = NOTHING_EXPECTED,
    false_alarms: float = FALSE_ALARMS,
) -> Fleet:
    """Ask everything; `expected` and `false_alarms` as for `drift_of`, which says what is raised."""
    answers = {question: ask(store, question) for question in QUESTIONS}
    at_us = round(at.astimezone(timezone.utc).timestamp() * 1e6)
    return Fleet(store.state(), answers, at_us, missing_after_h, drift_of(store, expected, false_alarms))


def worst_first(devices: Sequence[Row]) -> list[Row]:
    """Devices by how far energy or latency, whichever is worse, is from the promise; what is not known is not off."""
    return sorted(devices, key=lambda row: -_off(row))


def _off(row: Row) -> float:
    known = [row[name] for name in ("energy_ratio", "latency_ratio") if row[name] is not None]
    return max((abs(ratio - 1.0) for ratio in known), default=0.0)
