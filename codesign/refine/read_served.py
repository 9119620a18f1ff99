"""Reads served costs from a collected set; medians, so that a few odd images move nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.contract.operating_point import OperatingPoint

from .left_out import CAUTION, NO_ENERGY, NOT_COMPARABLE, USED, Wanted, judged_rows, khz, quoted, within
from .served_costs import Ask, IdleCell, PowerCell, Served, ServedCosts, TimeCell

# Half of what lies between the 16th and the 84th of a hundred is one standard deviation.
SPREAD = "(quantile_cont({0}, 0.84) - quantile_cont({0}, 0.16)) / 2"
BUSIEST = 0.9  # share of a minute: beyond that, what is drawn between images is a small difference of large numbers


def read_served(ask: Ask, wanted: Wanted) -> ServedCosts:
    """Everything that boards of one kind reported of some bundles.

    Raises:
        ConfigError, DataError: as `ask` does.
    """
    place = {khz(point): point for point in wanted.points}
    judged = judged_rows(wanted)
    used = f"FROM judged WHERE reason = {quoted(USED)}"
    counts = ask(f"WITH {judged} SELECT reason, energy_reason, count(*) AS n FROM judged GROUP BY ALL")  # noqa: S608
    times = ask(
        f"WITH {judged} SELECT device_id, bundle_id, mode, exit_index, applied_khz, count(*) AS n,"
        f" median(run_us) AS median_us, {SPREAD.format('ln(run_us)')} AS spread, min(wall_us) AS first_us,"
        f" max(wall_us) AS last_us {used} GROUP BY device_id, bundle_id, mode, exit_index, applied_khz ORDER BY ALL"
    )
    powers = ask(
        f"WITH {judged}, metered AS (SELECT *, energy_uj / run_us AS w {used} AND energy_reason = {quoted(USED)})"  # noqa: S608
        " SELECT device_id, bundle_id, mode, applied_khz, sum(n)::BIGINT AS n, list(exit_index ORDER BY exit_index) AS"
        " exits, list(n ORDER BY exit_index) AS of_exit, any_value(power_w) AS power_w, any_value(spread) AS spread"
        " FROM (SELECT device_id, bundle_id, mode, applied_khz, exit_index, count(*) AS n FROM metered GROUP BY ALL)"
        f" JOIN (SELECT device_id, bundle_id, mode, applied_khz, median(w) AS power_w, {SPREAD.format('ln(w)')} AS"
        " spread FROM metered GROUP BY ALL) USING (device_id, bundle_id, mode, applied_khz)"
        " GROUP BY device_id, bundle_id, mode, applied_khz ORDER BY device_id, bundle_id, mode, applied_khz"
    )
    walls = [int(row[name]) for row in times for name in ("first_us", "last_us") if row[name] is not None]
    return ServedCosts(
        tuple(
            TimeCell(
                row["device_id"],
                (row["bundle_id"], row["mode"]),
                int(row["exit_index"]),
                place[row["applied_khz"]],
                int(row["n"]),
                float(row["median_us"]) / 1e6,
                float(row["spread"] or 0.0),
            )
            for row in times
        ),
        tuple(_power(row, wanted, place) for row in powers),
        _idles(ask, wanted, place),
        _exits(ask, wanted),
        _left_out(counts),
        sum(int(row["n"]) for row in times),
        min(walls, default=None),
        max(walls, default=None),
    )


def _power(row: Mapping[str, Any], wanted: Wanted, place: Mapping[str, OperatingPoint]) -> PowerCell:
    served = (row["bundle_id"], row["mode"])
    images = [0] * wanted.stages[served]
    for index, count in zip(row["exits"], row["of_exit"], strict=True):
        images[int(index)] = int(count)
    return PowerCell(
        row["device_id"],
        served,
        place[row["applied_khz"]],
        tuple(images),
        int(row["n"]),
        float(row["power_w"]),
        float(row["spread"] or 0.0),
    )


def _left_out(counts: list[dict[str, Any]]) -> dict[str, int]:
    """Rows by reason; of rows that are used, those whose energy is not."""
    found: dict[str, int] = {}
    for row in counts:
        reason = row["reason"] if row["reason"] != USED else row["energy_reason"]
        if reason != USED:
            found[reason] = found.get(reason, 0) + int(row["n"])
    order = {NO_ENERGY: 1, NOT_COMPARABLE: 2}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], 0), -item[1], item[0])))


def _exits(ask: Ask, wanted: Wanted) -> dict[Served, tuple[int, ...]]:
    """Images per exit, by mode, from minutes: they cover every image. Cautious ones are left out."""
    modes = ", ".join(f"({quoted(bundle)}, {quoted(mode)}, {count})" for (bundle, mode), count in wanted.stages.items())
    rows = ask(
        f"""
        WITH known(bundle_id, mode, stages) AS (VALUES {modes}),
        {CAUTION},
        minutes AS (SELECT a.*, stages FROM aggregate a JOIN known USING (bundle_id, mode)
            WHERE {within(wanted)} AND board = {quoted(wanted.board)} AND exits IS NOT NULL),
        judged AS (SELECT m.*, coalesce(c.cautious OR (c.splits AND c.at_us > m.at_us - m.seconds_us), false)
                AS cautious
            FROM minutes m ASOF LEFT JOIN caution c ON m.device_id = c.device_id AND m.boot_id = c.boot_id
                AND m.bundle_id = c.bundle_id AND m.mode = c.mode AND m.at_us >= c.at_us),
        apart AS (SELECT bundle_id, mode, stages, unnest(string_split(exits, ','))::BIGINT AS taken,
            unnest(range(len(string_split(exits, ',')))) AS exit_index FROM judged
            WHERE NOT cautious AND len(string_split(exits, ',')) = stages)
        SELECT bundle_id, mode, exit_index, sum(taken)::BIGINT AS taken FROM apart GROUP BY ALL ORDER BY ALL
        """  # noqa: S608 (names are ours or quoted)
    )
    found: dict[Served, list[int]] = {}
    for row in rows:
        served = (row["bundle_id"], row["mode"])
        images = found.setdefault(served, [0] * wanted.stages[served])
        images[int(row["exit_index"])] += int(row["taken"])
    return {served: tuple(images) for served, images in found.items()}


def _idles(ask: Ask, wanted: Wanted, place: Mapping[str, OperatingPoint]) -> tuple[IdleCell, ...]:
    """From minutes of boots that never changed their clocks: a governor may park them between two images."""
    bundles = ", ".join(sorted({quoted(bundle) for bundle, _ in wanted.stages}))
    waiting_w = "(board_uj - energy_uj) / (seconds_us - run_us)"
    rows = ask(
        f"""
        WITH steady AS (SELECT device_id, boot_id FROM (
                SELECT device_id, boot_id, applied_khz FROM aggregate
                UNION ALL SELECT device_id, boot_id, applied_khz FROM inference)
            GROUP BY device_id, boot_id HAVING count(DISTINCT applied_khz) = 1 AND count(applied_khz) = count(*)),
        minutes AS (SELECT *, {waiting_w} AS w FROM aggregate JOIN steady USING (device_id, boot_id)
            WHERE {within(wanted)} AND board = {quoted(wanted.board)} AND bundle_id IN ({bundles})
                AND board_uj > energy_uj AND energy_images = images AND run_us < {BUSIEST} * seconds_us)
        SELECT device_id, applied_khz, count(*) AS n, median(w) AS idle_w, {SPREAD.format("ln(w)")} AS spread
        FROM minutes GROUP BY device_id, applied_khz ORDER BY device_id, applied_khz
        """  # noqa: S608 (names are ours or quoted)
    )
    return tuple(
        IdleCell(
            row["device_id"],
            place[row["applied_khz"]],
            int(row["n"]),
            float(row["idle_w"]),
            float(row["spread"] or 0.0),
        )
        for row in rows
        if row["applied_khz"] in place
    )
