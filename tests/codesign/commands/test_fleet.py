"""`codesign fleet`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.commands.main import main
from runtime.contract.telemetry_batch import AGGREGATE
from tests.codesign.collect.batches import payload
from tests.codesign.fleet.board_days import BUNDLE, board_day
from tests.codesign.fleet.board_days import filled as filled_with
from tests.tiny_cascade import write_tiny_bundle


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with Store(tmp_path / "store") as store:
        segments = Segments(store.inbox, "w")
        columns = {"images": [10], "exits": ["8,2"], "mode": ["balanced"], "bundle_id": ["b"], "promised_uj": [100]}
        segments.put([payload(0, 1, row_class=AGGREGATE, columns=columns), payload(1, 3)])
        segments.close()
        compact(store)
    return tmp_path / "store"


def test_a_page_is_written_and_a_table_printed(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "fleet.html"
    assert main(["fleet", "--store", str(filled), "--out", str(page)]) == 0
    assert "1 boards, 10 images" in capsys.readouterr().out
    assert page.read_text().startswith("<!doctype html>")


def test_answers_and_questions_of_ones_own_come_as_json(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--store", str(filled), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["boards"][0]["images"] == 10
    assert main(["fleet", "--store", str(filled), "--sql", "SELECT count(*) AS n FROM inference"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"n": 3}]


def test_drift_is_printed_and_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_tiny_bundle(tmp_path / "bundle")
    rng = np.random.default_rng(0)
    stores = [board_day(f"dev{k}", "tx2", day, rng, cost=1.4) for k in range(3) for day in range(4)]
    filled_with(tmp_path / "store", stores).close()
    command = ["fleet", "--store", str(tmp_path / "store"), "--bundle", str(tmp_path / "bundle")]
    assert main(command) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "energy per image +40% against the promise, 3 boards together" in printed
    assert "time per image" in printed
    assert main([*command, "--json", "--false-alarms", "0.05"]) == 0
    told = json.loads(capsys.readouterr().out)["drift"]
    assert (told["false_alarms"], len(told["found"])) == (0.05, 8)
    assert told["found"][0]["group"]["board"] == "tx2"
    assert told["unknown"] == [BUNDLE]
    assert manifest.bundle_id != BUNDLE


def test_what_is_no_store_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--store", str(tmp_path / "none")]) == 2
    assert "holds no telemetry" in capsys.readouterr().err
    assert main(["fleet", "--store", str(tmp_path), "--missing-after", "0"]) == 2
    assert "above 0 hours" in capsys.readouterr().err
    Store(tmp_path / "empty").close()
    assert main(["fleet", "--store", str(tmp_path / "empty"), "--false-alarms", "2"]) == 2
    assert "lies between 0 and 1" in capsys.readouterr().err
    assert main(["fleet", "--store", str(tmp_path / "empty"), "--bundle", str(tmp_path / "empty")]) == 2
    assert "there is no bundle in" in capsys.readouterr().err
