"""Which rows of telemetry say what a mode costs, and why each of the others does not: one reason per row, counted.

As SQL over the collected set, so that ten million rows are judged where they lie. A row's clocks are those at the
recorder's last look, up to a second after the image: a row counts only where the rows before and after it, of the same
boot, say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.contract.operating_point import OperatingPoint

from .served_costs import Served

USED = "used"
OTHER_BOARD, OTHER_BUNDLE, DAMAGED = "another kind of board", "another bundle", "damaged"
CAUTIOUS, THROTTLED = "a cautious mode", "throttled"
FOREIGN, UNKNOWN, MOVING = "clocks other than asked for", "clocks not known", "clocks changed about then"
IN_A_BATCH = "run in a batch with others"
NOT_OFFERED = "clocks that are not among the board's"
NO_ENERGY, NOT_COMPARABLE = "no energy (its time counts)", "energy that is not back to back (its time counts)"
BACK_TO_BACK = "back to back"  # what `edge-runtime serve` writes into `energy_method` where it may be compared
ENERGY_KINDS = ("measured", "simulated")
# When modes of `known` became cautious, and when they trusted again: so they all do where a server begins, or another
# bundle. `splits`: within a minute's row, which no start of a server is. For WITH.
CAUTION = """caution AS (
            SELECT device_id, boot_id, bundle_id, mode, at_us, name = 'drift' AS cautious, true AS splits FROM event
            WHERE name IN ('drift', 'recovered') AND at_us IS NOT NULL
            UNION ALL
            SELECT device_id, boot_id, known.bundle_id, known.mode, at_us, false, name <> 'started' FROM event, known
            WHERE name IN ('started', 'swapped') AND at_us IS NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows must be of."""

    board: str
    stages: Mapping[Served, int]  # of every mode of every bundle that is known
    points: Sequence[OperatingPoint]
    throttle_c: float | None = None  # at or above that a board slows itself down
    since_us: int | None = None  # wall time
    until_us: int | None = None


def khz(point: OperatingPoint) -> str:
    """As telemetry writes it."""
    return f"{point.cpu_hz // 1000}/{point.gpu_hz // 1000}/{point.emc_hz // 1000}"


def quoted(text: str) -> str:
    """As a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def judged_rows(wanted: Wanted) -> str:
    """SELECT of all single images in time with `reason` and `energy_reason`; for WITH."""
    modes = ", ".join(
        f"({quoted(bundle)}, {quoted(mode)}, {stages})" for (bundle, mode), stages in wanted.stages.items()
    )
    bundles = ", ".join(sorted({quoted(bundle) for bundle, _ in wanted.stages}))
    offered = ", ".join(quoted(khz(point)) for point in wanted.points)
    hot = "false" if wanted.throttle_c is None else f"temperature_mc >= {round(wanted.throttle_c * 1e3)}"
    kinds = ", ".join(map(quoted, ENERGY_KINDS))
    return f"""
        known(bundle_id, mode, stages) AS (VALUES {modes}),
        {CAUTION},
        around AS (SELECT *, lag(applied_khz) OVER same AS before_khz, lead(applied_khz) OVER same AS after_khz,
                lag(throttled) OVER same AS before_throttled, lead(throttled) OVER same AS after_throttled
            FROM inference WHERE {within(wanted)}
            WINDOW same AS (PARTITION BY device_id, boot_id ORDER BY seq)),
        judged AS (SELECT around.*, CASE
                WHEN board IS DISTINCT FROM {quoted(wanted.board)} THEN {quoted(OTHER_BOARD)}
                WHEN bundle_id IS NOT NULL AND bundle_id NOT IN ({bundles}) THEN {quoted(OTHER_BUNDLE)}
                WHEN stages IS NULL OR exit_index IS NULL OR exit_index < 0 OR exit_index >= stages
                    OR run_us <= 0 OR around.at_us IS NULL THEN {quoted(DAMAGED)}
                WHEN run_us IS NULL THEN {quoted(IN_A_BATCH)}
                WHEN throttled > before_throttled OR after_throttled > throttled OR {hot} THEN {quoted(THROTTLED)}
                WHEN applied_khz IS NULL THEN {quoted(UNKNOWN)}
                WHEN requested_khz IS NOT NULL AND requested_khz <> applied_khz THEN {quoted(FOREIGN)}
                WHEN applied_khz NOT IN ({offered}) THEN {quoted(NOT_OFFERED)}
                WHEN coalesce(before_khz, applied_khz) <> applied_khz OR coalesce(after_khz, applied_khz) <> applied_khz
                    THEN {quoted(MOVING)}
                WHEN caution.cautious THEN {quoted(CAUTIOUS)}
                ELSE {quoted(USED)} END AS reason,
            CASE WHEN energy_uj IS NULL OR energy_uj <= 0 THEN {quoted(NO_ENERGY)}
                WHEN energy_method NOT LIKE '%{BACK_TO_BACK}%' OR energy_kind NOT IN ({kinds})
                    OR energy_method IS NULL OR energy_kind IS NULL THEN {quoted(NOT_COMPARABLE)}
                ELSE {quoted(USED)} END AS energy_reason
            FROM around LEFT JOIN known USING (bundle_id, mode)
            ASOF LEFT JOIN caution ON around.device_id = caution.device_id AND around.boot_id = caution.boot_id
                AND around.bundle_id = caution.bundle_id AND around.mode = caution.mode
                AND around.at_us >= caution.at_us)
    """  # noqa: S608 (names are ours or quoted)


def within(wanted: Wanted) -> str:
    """The condition on wall time. A row without one is in none but the whole time."""
    parts = ["true"]
    if wanted.since_us is not None:
        parts.append(f"wall_us >= {wanted.since_us}")
    if wanted.until_us is not None:
        parts.append(f"wall_us < {wanted.until_us}")
    return " AND ".join(parts)
