"""What each board of a fleet drew, and how long it took, before and after a bundle came to the first of them.

A board that took the candidate is compared with itself: mode by mode, per image, the candidate after its switch with
the incumbent before it. Boards that did not take it tell what changed meanwhile for everybody (season, night, what
cameras see): the incumbent after the median switch with the incumbent before. What one board differs from the next by
falls out of both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from codesign.collect.store import Store
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.manifest import check_abbreviated

from .questions import ask_sql

LEAST_IMAGES = 1000  # of a mode, before and after, for a board to be compared in it
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """Of one board: natural logarithms of after / before, each None where it was not metered or not promised."""

    device_id: str
    board: str
    canary: bool  # took the candidate
    energy: float | None
    latency: float | None
    promised_energy: float | None  # candidate / incumbent, for the images of each; of canaries only
    promised_latency: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the collected set says of a roll-out."""

    candidate: str
    incumbent: str
    changes: tuple[Change, ...]
    devices: int  # that served either bundle
    too_little: int  # boards with fewer images before or after than can be compared
    failed_on: tuple[str, ...]  # boards that rolled the candidate back by themselves
    alarmed: tuple[str, ...]  # boards on which the candidate's exits or costs drifted
    without_clock: int  # minutes left out: the board did not know the time


def seen(store: Store, candidate: str, incumbent: str | None = None, *, days: float = 7.0) -> Seen:
    """Ask a collected set about a roll-out.

    Args:
        candidate: id of the new bundle, or its first digits.
        incumbent: the same of the old one; None: what canaries served most before.
        days: to look at before and after the switch.
    Raises:
        ConfigError: no such bundle was served, more than one is meant, or DuckDB is not installed.
        DataError: the set cannot be read, or nothing was served before the candidate.
    """
    served = [str(row["bundle_id"]) for row in ask_sql(store, SERVED)]
    new = _only_one(candidate, served, "candidate")
    old = _before(store, new, served) if incumbent is None else _only_one(incumbent, served, "incumbent")
    if new == old:
        raise ConfigError(f"{new[:12]} cannot be compared with itself", to_do="give another --incumbent")
    rows = ask_sql(store, PERIODS.format(new=new, old=old, window_us=round(days * DAY_US)))
    changes, too_little = _changes(rows)
    events = ask_sql(store, EVENTS.format(new=new))
    return Seen(
        new,
        old,
        tuple(changes),
        len({row["device_id"] for row in rows}),
        too_little,
        tuple(sorted({str(row["device_id"]) for row in events if row["name"] == "rolled back"})),
        tuple(sorted({str(row["device_id"]) for row in events if row["name"] != "rolled back"})),
        sum(int(row["minutes"]) for row in rows if row["after"] is None),
    )


SERVED = """
    SELECT bundle_id FROM aggregate WHERE bundle_id IS NOT NULL GROUP BY bundle_id ORDER BY bundle_id
"""
BEFORE = """
    SELECT bundle_id FROM aggregate WHERE bundle_id <> '{new}' AND device_id IN
        (SELECT device_id FROM aggregate WHERE bundle_id = '{new}')
    GROUP BY bundle_id ORDER BY sum(images) DESC, bundle_id LIMIT 1
"""
# Of canaries, the incumbent before and the candidate after; a row of the one on the other side is neither.
PERIODS = """
    WITH switched AS (
        SELECT device_id, min(wall_us) AS switched_us FROM aggregate
        WHERE bundle_id = '{new}' AND wall_us IS NOT NULL GROUP BY device_id
    ), typical AS (SELECT median(switched_us) AS typical_us FROM switched), sided AS (
        SELECT aggregate.*, switched_us IS NOT NULL AS canary,
            wall_us >= coalesce(switched_us, typical_us) AS after,
            wall_us - coalesce(switched_us, typical_us) AS off_us
        FROM aggregate LEFT JOIN switched USING (device_id) CROSS JOIN typical
        WHERE bundle_id IN ('{new}', '{old}')
    )
    SELECT device_id, any_value(board) AS board, mode, canary, after, count(*) AS minutes,
        sum(images)::BIGINT AS images,
        sum(energy_uj) AS energy_uj, sum(CASE WHEN energy_uj IS NOT NULL THEN energy_images END) AS energy_images,
        sum(run_us) AS run_us, sum(promised_uj) AS promised_uj, sum(promised_us) AS promised_us
    FROM sided WHERE after IS NULL OR (abs(off_us) <= {window_us} AND
        bundle_id = CASE WHEN canary AND after THEN '{new}' ELSE '{old}' END)
    GROUP BY device_id, mode, canary, after ORDER BY device_id, mode, after
"""
EVENTS = """
    SELECT DISTINCT device_id, name FROM event
    WHERE bundle_id = '{new}' AND (name = 'rolled back' OR name LIKE 'drift%')
"""


def _only_one(asked: str, served: list[str], role: str) -> str:
    if asked not in served:
        check_abbreviated(asked)
    found = [bundle_id for bundle_id in served if bundle_id.startswith(asked)]
    if len(found) != 1 or "'" in found[0]:
        listed = ", ".join(bundle_id[:12] for bundle_id in served) or "none"
        raise ConfigError(
            f"{len(found)} bundles that were served are called {asked!r} ({role})", to_do=f"give one of {listed}"
        )
    return found[0]


def _before(store: Store, new: str, served: list[str]) -> str:
    found = ask_sql(store, BEFORE.format(new=new))
    if not found:
        raise DataError(
            f"boards that serve {new[:12]} have reported nothing of a bundle before it",
            where=str(store.folder),
            to_do="name one that other boards serve: --incumbent ID",
        )
    return _only_one(str(found[0]["bundle_id"]), served, "incumbent")


def _changes(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Change], int]:
    """Of every board that can be compared, and how many cannot."""
    by_device: dict[str, dict[tuple[str, bool], Mapping[str, Any]]] = {}
    for row in rows:
        if row["after"] is not None:
            by_device.setdefault(str(row["device_id"]), {})[str(row["mode"]), bool(row["after"])] = row
    changes, too_little = [], 0
    for device_id, periods in by_device.items():
        pairs = [
            (periods[mode, False], periods[mode, True])
            for mode in sorted({mode for mode, _ in periods})
            if (mode, False) in periods and (mode, True) in periods
        ]
        pairs = [pair for pair in pairs if min(int(row["images"]) for row in pair) >= LEAST_IMAGES]
        if not pairs:
            too_little += 1
            continue
        canary = bool(pairs[0][0]["canary"])
        changes.append(
            Change(
                device_id,
                str(pairs[0][0]["board"]),
                canary,
                _ratio(pairs, "energy_uj", "energy_images"),
                _ratio(pairs, "run_us", "images"),
                _ratio(pairs, "promised_uj", "images") if canary else None,
                _ratio(pairs, "promised_us", "images") if canary else None,
            )
        )
    return changes, too_little


def _ratio(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], cost: str, images: str) -> float | None:
    """Mean over modes of log(after / before), each mode with the images that it has on both sides."""
    total = weight = 0.0
    for before, after in pairs:
        if all(row[cost] and row[images] for row in (before, after)):
            both = min(int(row[images]) for row in (before, after))
            total += both * math.log(after[cost] / after[images] / (before[cost] / before[images]))
            weight += both
    return total / weight if weight else None
