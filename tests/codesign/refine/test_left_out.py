"""codesign/refine/left_out.py and the counting of what it leaves out, on rows as boards send them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.fleet.questions import ask_sql
from codesign.refine.left_out import Wanted, khz, quoted
from codesign.refine.read_served import read_served
from codesign.refine.served_costs import ServedCosts
from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from tests.codesign.collect.batches import TODAY_US, payload
from tests.codesign.refine.fleet import POINTS, SERVED

HERE, THERE = khz(POINTS[0]), khz(POINTS[1])
METHOD = "ina, back to back: active energy, plus idle power while it ran"
PLAIN: dict[str, Any] = {
    "bundle_id": SERVED[0],
    "mode": SERVED[1],
    "exit_index": 1,
    "run_us": 2000,
    "energy_uj": 8000,
    "energy_method": METHOD,
    "energy_kind": "measured",
    "requested_khz": HERE,
    "applied_khz": HERE,
    "temperature_mc": 60_000,
    "throttled": 0,
}


def rows(first_seq: int, count: int = 10, board: str = "tx2", device: str = "d1", **changes: Any) -> bytes:
    """Ten plain rows, a millisecond apart, each column with one value or one for each row."""
    columns = {name: value if isinstance(value, list) else [value] * count for name, value in (PLAIN | changes).items()}
    columns["at_us"] = [1000 * (first_seq + k) for k in range(count)]
    return payload(first_seq, count, board=board, device_id=device, columns=columns)


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Any]:
    with Store(tmp_path / "store") as store:

        def told(*payloads: bytes, **wanted: Any) -> ServedCosts:
            segments = Segments(store.inbox, "w")
            segments.put(payloads)
            segments.close()
            compact(store)
            return read_served(partial(ask_sql, store), Wanted("tx2", {SERVED: 3}, POINTS, 95.0, **wanted))

        yield told


def test_plain_rows_are_used(read: Any) -> None:
    found = read(rows(0))
    assert found.left_out == {}
    assert (found.rows, found.units, found.points) == (10, ("d1",), POINTS[:1])


@pytest.mark.parametrize(
    ("changes", "reason", "count"),
    [
        ({"board": "orin-nano"}, "another kind of board", 10),
        ({"bundle_id": "other"}, "another bundle", 10),
        ({"mode": "unheard-of"}, "damaged", 10),
        ({"exit_index": 3}, "damaged", 10),
        ({"run_us": 0}, "damaged", 10),
        ({"run_us": None}, "run in a batch with others", 10),
        ({"applied_khz": None}, "clocks not known", 10),
        ({"applied_khz": THERE}, "clocks other than asked for", 10),
        ({"applied_khz": "1/2/3", "requested_khz": None}, "clocks that are not among the board's", 10),
        ({"temperature_mc": 95_000}, "throttled", 10),
        ({"throttled": [0] * 5 + [1] * 5}, "throttled", 2),
        ({"applied_khz": [HERE] * 5 + [THERE] * 5, "requested_khz": None}, "clocks changed about then", 2),
        ({"energy_uj": None}, "no energy (its time counts)", 10),
        ({"energy_method": "ina, idle time shared out"}, "energy that is not back to back (its time counts)", 10),
        ({"energy_kind": "assumed"}, "energy that is not back to back (its time counts)", 10),
    ],
)
def test_what_says_nothing_of_a_mode_s_cost_is_left_out_and_counted(
    read: Any, changes: dict[str, Any], reason: str, count: int
) -> None:
    found = read(rows(0, **changes))
    assert found.left_out == {reason: count}
    timed = 10 if "its time counts" in reason else 10 - count
    assert found.rows == timed


def event(seq: int, at_us: int, name: str, mode: str | None = SERVED[1]) -> bytes:
    columns = {"at_us": [at_us], "name": [name], "text": ["…"], "bundle_id": [SERVED[0]], "mode": [mode]}
    return payload(seq, 1, board="tx2", row_class=EVENT, columns=columns)


def test_rows_of_a_cautious_mode_are_left_out_until_it_recovers(read: Any) -> None:
    found = read(rows(0), rows(10), rows(20), event(30, 9_500, "drift"), event(31, 19_500, "recovered"))
    assert found.left_out == {"a cautious mode": 10}


@pytest.mark.parametrize(("name", "mode"), [("started", "another mode"), ("swapped", None)])
def test_a_server_or_a_bundle_that_begins_trusts_every_mode_again(read: Any, name: str, mode: str | None) -> None:
    found = read(rows(0), rows(10), rows(20), event(30, 9_500, "drift"), event(31, 19_500, name, mode))
    assert found.left_out == {"a cautious mode": 10}


def test_only_rows_of_the_time_asked_for_are_looked_at(read: Any) -> None:
    assert read(rows(0), rows(0, device="d2"), since_us=TODAY_US + 5_000).rows == 10
    assert read(until_us=TODAY_US + 5_000).rows == 10


def test_a_name_with_a_quote_cannot_leave_its_quotes() -> None:
    assert quoted("a'; DROP TABLE x") == "'a''; DROP TABLE x'"


def minutes(first_seq: int, exits: list[str], applied: str | list[str], **more: Any) -> bytes:
    count = len(exits)
    images = [sum(map(int, each.split(","))) for each in exits]
    columns: dict[str, list[Any]] = {
        "at_us": [60_000_000 * (first_seq + k + 1) for k in range(count)],
        "seconds_us": [60_000_000] * count,
        "bundle_id": [SERVED[0]] * count,
        "mode": [SERVED[1]] * count,
        "exits": list(exits),
        "images": images,
        "run_us": [2000 * n for n in images],
        "energy_uj": [8000 * n for n in images],
        "energy_images": images,
        "board_uj": [8000 * n + 3 * (60_000_000 - 2000 * n) for n in images],
        "applied_khz": [applied] * count if isinstance(applied, str) else applied,
    }
    return payload(first_seq, count, board="tx2", row_class=AGGREGATE, columns=columns | more)


def test_exits_are_counted_from_minutes_which_cover_every_image(read: Any) -> None:
    found = read(rows(0), minutes(100, ["5,3,2", "1,1,0"], HERE), minutes(200, ["9,9"], HERE))
    assert found.exits == {SERVED: (6, 4, 2)}


@pytest.mark.parametrize(
    ("at_us", "name", "exits"),
    [
        (6_070_000_000, "drift", (4, 0, 0)),  # in the second: mixed; the third is cautious
        (6_070_000_000, "swapped", (8, 0, 0)),  # mixed as well, where the mode had been cautious; who knows
        (6_061_000_000, "started", (12, 0, 0)),  # nobody served in that minute before it
    ],
)
def test_minutes_of_which_a_mode_was_cautious_are_left_out(
    read: Any, at_us: int, name: str, exits: tuple[int, ...]
) -> None:
    assert read(rows(0), minutes(100, ["4,0,0"] * 3, HERE), event(200, at_us, name)).exits == {SERVED: exits}


def test_a_board_that_never_moved_its_clocks_tells_what_waiting_draws(read: Any) -> None:
    found = read(rows(0), minutes(100, ["5,3,2"] * 3, HERE))
    (cell,) = found.idles
    assert (cell.minutes, cell.point, cell.idle_w) == (3, POINTS[0], pytest.approx(3.0))


def test_one_that_did_move_them_does_not(read: Any) -> None:
    assert read(rows(0), minutes(100, ["5,3,2"] * 2, [HERE, THERE])).idles == ()
