from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.fleet.questions import QUESTIONS, ask, ask_sql
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.telemetry_batch import AGGREGATE, EVENT, INFERENCE
from tests.codesign.collect.batches import payload


def minutes(device: str, board: str, exits: list[str], energy_uj: list[int | None], **more: Any) -> bytes:
    count = len(exits)
    images = [sum(map(int, each.split(","))) for each in exits]
    columns: dict[str, list[Any]] = {
        "at_us": [60_000_000 * (k + 1) for k in range(count)],
        "bundle_id": ["bundle-1"] * count,
        "mode": ["balanced"] * count,
        "exits": exits,
        "images": images,
        "refused": [0] * count,
        "energy_uj": energy_uj,
        "energy_images": [0 if each is None else n for each, n in zip(energy_uj, images, strict=True)],
        "promised_uj": [10_000 * n for n in images],
        "run_us": [2000 * n for n in images],
        "promised_us": [1000 * n for n in images],
        "temperature_mc": [50_000 + k for k in range(count)],
    }
    return payload(0, count, device_id=device, board=board, row_class=AGGREGATE, columns=columns | more)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        segments = Segments(store.inbox, "w")
        segments.put(
            [
                minutes("d1", "tx2", ["30,10", "20,0"], [480_000, None]),
                minutes("d2", "tx2", ["5,5"], [80_000]),
                minutes("d3", "orin-nano", ["1,0"], [None], bundle_id=["bundle-2"]),
                payload(
                    9, 3, device_id="d1", board="tx2", columns={"latency_us": [1000, 2000, 9000], "mode": ["x"] * 3}
                ),
                payload(12, 1, row_class=EVENT, columns={"name": ["drift"], "text": ["it drifts"]}),
            ]
        )
        segments.close()
        compact(store)
        yield store


def test_costs_per_image_count_only_images_whose_energy_was_known(store: Store) -> None:
    boards = {row["board"]: row for row in ask(store, "boards")}
    tx2 = boards["tx2"]
    assert (tx2["devices"], tx2["images"]) == (2, 70)
    assert tx2["energy_j"] == pytest.approx((0.48 + 0.08) / 50)
    assert tx2["promised_j"] == pytest.approx(0.01)
    assert (tx2["run_s"], tx2["promised_s"]) == (pytest.approx(0.002), pytest.approx(0.001))
    assert boards["orin-nano"]["energy_j"] is None


def test_exits_are_added_up_by_mode(store: Store) -> None:
    found = {(row["bundle_id"], row["board"], row["exit_index"]): row["images"] for row in ask(store, "exits")}
    assert found["bundle-1", "tx2", 0] == 55
    assert found["bundle-1", "tx2", 1] == 15
    assert found["bundle-2", "orin-nano", 1] == 0


def test_devices_are_told_with_how_far_promise_and_reality_are_apart(store: Store) -> None:
    devices = {row["device_id"]: row for row in ask(store, "devices")}
    assert devices["d1"]["energy_ratio"] == pytest.approx(1.2)
    assert devices["d2"]["energy_ratio"] == pytest.approx(0.8)
    assert devices["d3"]["energy_ratio"] is None
    assert devices["d1"]["latency_ratio"] == pytest.approx(2.0)
    assert devices["d3"]["bundle_id"] == "bundle-2"


def test_quantiles_come_from_single_inferences(store: Store) -> None:
    (row,) = ask(store, "latency")
    assert (row["board"], row["inferences"]) == ("tx2", 3)
    assert row["p50_s"] == pytest.approx(0.002, rel=0.006)  # classes of 1 %
    assert row["p99_s"] == pytest.approx(0.009, rel=0.006)
    assert row["p50_j"] is None


def test_events_are_told_latest_first(store: Store) -> None:
    assert [row["text"] for row in ask(store, "events")] == ["it drifts"]


def test_every_question_is_answered_by_an_empty_store_with_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "empty") as store:
        for question in QUESTIONS:
            assert ask(store, question) == []


def test_any_select_over_the_classes_can_be_asked(store: Store) -> None:
    (row,) = ask_sql(store, "SELECT count(*) AS n FROM inference WHERE mode = 'x'")
    assert row == {"n": 3}
    for wrong in ("SELECT nothing FROM nowhere", "SELECT nothing FROM inference", "SELEKT 1"):
        with pytest.raises(ConfigError, match="the question cannot be understood"):
            ask_sql(store, wrong)


def test_a_question_that_is_none_and_a_file_that_is_gone_are_said(store: Store) -> None:
    with pytest.raises(ConfigError, match="no question 'weather'"):
        ask(store, "weather")
    store.files(INFERENCE)[0].unlink()
    with pytest.raises(DataError, match="does not answer"):
        ask(store, "latency")
