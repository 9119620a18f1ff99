"""Sums for drift, by device, day and half-hour, as SQL over a collected set: exits, entropies, seconds and joules.

Exits and costs are of all images (class `aggregate`), entropies of the inferences that boards keep a sample of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codesign.collect.store import Store
from runtime.contract.expected_answers import ExpectedAnswers

from .clusters import Clusters
from .expected_mix import Key
from .questions import ask_sql

WINDOW_US = 1_800_000_000
TIME, ENERGY = "time", "energy"
GROUP = "bundle_id, mode, board, device_id, date"
SUMS = """
    count(*) AS count, sum(found) AS found, sum(total) AS total, sum(found * found) AS found2,
    sum(found * total) AS cross_sum, sum(total * total) AS total2
"""
EXITS = f"""
    WITH taken AS (
        SELECT {GROUP}, boot_id, at_us // {WINDOW_US} AS part, images, unnest(string_split(exits, ','))::DOUBLE AS one,
            unnest(range(len(string_split(exits, ',')))) AS exit_index
        FROM aggregate WHERE exits IS NOT NULL AND images > 0
    ), parts AS (
        SELECT {GROUP}, exit_index, sum(one) AS found, sum(images)::DOUBLE AS total
        FROM taken GROUP BY {GROUP}, exit_index, boot_id, part
    )
    SELECT {GROUP}, exit_index, {SUMS} FROM parts GROUP BY {GROUP}, exit_index
"""  # noqa: S608 (ours)
COSTS = f"""
    WITH rows AS (
        SELECT {GROUP}, boot_id, at_us // {WINDOW_US} AS part, '{TIME}' AS what, run_us AS one, promised_us AS promised
        FROM aggregate WHERE promised_us > 0 AND run_us IS NOT NULL
        UNION ALL
        SELECT {GROUP}, boot_id, at_us // {WINDOW_US}, '{ENERGY}', energy_uj, promised_uj
        FROM aggregate WHERE promised_uj > 0 AND energy_uj IS NOT NULL AND energy_images = images
    ), parts AS (
        SELECT {GROUP}, what, sum(one)::DOUBLE AS found, sum(promised)::DOUBLE AS total
        FROM rows GROUP BY {GROUP}, what, boot_id, part
    )
    SELECT {GROUP}, what, {SUMS} FROM parts GROUP BY {GROUP}, what
"""  # noqa: S608 (ours)


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Images that are compared together."""

    bundle_id: str
    mode: str
    board: str  # kind of board
    date: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one device on one day."""

    group: Group
    device_id: str
    what: str  # TIME or ENERGY, or where images leave
    cell: int | None  # index of an exit, or of a cell of the expected answers
    clusters: Clusters


def cost_sums(store: Store) -> list[Sums]:
    """Seconds and joules over what was promised. Raises as `ask_sql` does."""
    return [_sums(row, str(row["what"]), None) for row in ask_sql(store, COSTS)]


def exit_sums(store: Store) -> list[Sums]:
    """Images that left at an exit over all images. Raises as `ask_sql` does."""
    return [_sums(row, "exit", int(row["exit_index"])) for row in ask_sql(store, EXITS)]


def cell_sums(store: Store, expected: Mapping[Key, ExpectedAnswers]) -> list[Sums]:
    """Sampled images in a cell over all sampled ones, of modes that say what to expect. Raises as `ask_sql` does."""
    if not expected:
        return []
    edges = range(max(len(each) for answers in expected.values() for each in answers.entropy_edges))
    rows = ", ".join(row for key, answers in sorted(expected.items()) for row in _rows_of(key, answers, len(edges)))
    beyond = "".join(f" + coalesce((coalesce(entropy_unats, 9e18) > edge_{k})::INTEGER, 0)" for k in edges)
    found = ask_sql(
        store,
        f"""
        WITH cells (bundle_id, mode, exit_index, first{"".join(f", edge_{k}" for k in edges)}) AS (VALUES {rows}),
        parts AS (
            SELECT {GROUP}, boot_id, at_us // {WINDOW_US} AS part, first{beyond} AS cell, count(*) AS n
            FROM inference LEFT JOIN cells USING (bundle_id, mode, exit_index)
            WHERE exit_index IS NOT NULL GROUP BY {GROUP}, boot_id, part, cell
        ), totals AS (
            SELECT *, sum(n) OVER (PARTITION BY {GROUP}, boot_id, part) AS total FROM parts
        ), days AS (
            SELECT {GROUP}, count(*) AS count, sum(total) AS total, sum(total * total) AS total2 FROM (
                SELECT DISTINCT {GROUP}, boot_id, part, total FROM totals
            ) GROUP BY {GROUP}
        )
        SELECT totals.bundle_id, totals.mode, totals.board, totals.device_id, totals.date, cell,
            any_value(days.count) AS count, sum(n) AS found, any_value(days.total) AS total, sum(n * n) AS found2,
            sum(n * totals.total) AS cross_sum, any_value(days.total2) AS total2
        FROM totals JOIN days USING ({GROUP}) WHERE cell IS NOT NULL GROUP BY ALL
        """,  # noqa: S608 (numbers, and names of bundles and modes, quoted)
    )
    return [_sums(row, "cell", int(row["cell"])) for row in found]


def _rows_of(key: Key, answers: ExpectedAnswers, most_edges: int) -> list[str]:
    """For each exit of a mode: its number, that of its first cell, and its edges, as rows of VALUES."""
    bundle_id, mode = (text.replace("'", "''") for text in key)
    rows, first = [], 0
    for exit_index, edges in enumerate(answers.entropy_edges):
        padded = [*(f"{edge * 1e6!r}::DOUBLE" for edge in edges), *["NULL::DOUBLE"] * (most_edges - len(edges))]
        rows.append(f"('{bundle_id}', '{mode}', {exit_index}, {first}{''.join(f', {edge}' for edge in padded)})")
        first += len(edges) + 1
    return rows


def _sums(row: Mapping[str, Any], what: str, cell: int | None) -> Sums:
    names: Sequence[str] = ("found", "total", "found2", "cross_sum", "total2")
    group = Group(*(str(row[name] or "") for name in ("bundle_id", "mode", "board", "date")))
    clusters = Clusters(int(row["count"]), *(float(row[name]) for name in names))
    return Sums(group, str(row["device_id"]), what, cell, clusters)
