"""`edge-runtime telemetry`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.commands.telemetry import SPOOL
from runtime.contract.telemetry_batch import EVENT, INFERENCE, decode
from runtime.contract.telemetry_bundle import unbundled
from runtime.telemetry.spool import Spool
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def spooled(tmp_path: Path) -> Path:
    path = tmp_path / "root" / SPOOL
    with Spool(path, "d1", "b1") as spool:
        spool.append(INFERENCE, {"at_us": [1, 2, 3], "mode": ["balanced"] * 3}, 0)
        spool.append(EVENT, {"name": ["started"]}, 0)
    return path


@pytest.mark.usefixtures("spooled")
def test_what_waits_is_shown_by_class_and_row_by_row(call: Call) -> None:
    assert "inference: 3 rows" in call("telemetry", "show").out
    assert call("telemetry", "show", "--json").json()["rows"] == {"inference": 3, "event": 1}
    rows = [json.loads(line) for line in call("telemetry", "show", "--rows", "2").out.splitlines()]
    assert rows == [
        {"class": "inference", "seq": 2, "at_us": 3, "mode": "balanced"},
        {"class": "event", "seq": 3, "name": "started"},
    ]


def test_rows_that_a_second_reader_missed_are_shown(call: Call, tmp_path: Path) -> None:
    with Spool(tmp_path / "root" / SPOOL, "d1", "b1", cap_bytes={EVENT: 1}) as spool:
        spool.read_also_by({"otlp": EVENT})
        for _ in range(3):
            spool.append(EVENT, {"name": ["started"]}, 0)
    assert "dropped before they were sent by otlp: 2 rows" in call("telemetry", "show").out


def test_the_schema_names_everything_that_may_leave(call: Call) -> None:
    table = call("telemetry", "schema").json()
    assert table["schema"] == 1
    assert table["classes"]["inference"]["energy_uj"] == "int"


@pytest.mark.usefixtures("spooled")
def test_export_takes_it_along_once_or_leaves_it(call: Call, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert "4 rows are in" in call("telemetry", "export", stick, "--keep").out
    assert call("telemetry", "show", "--json").json()["rows"] == {"inference": 3, "event": 1}
    call("telemetry", "export", stick)
    assert call("telemetry", "show", "--json").json()["rows"] == {}
    (path,) = stick.glob("*.telemetry")
    assert sum(len(decode(payload)) for payload in unbundled(path.read_bytes())) == 4


@pytest.mark.usefixtures("spooled")
def test_purge_asks_first(call: Call) -> None:
    outcome = call("telemetry", "purge")
    assert outcome.status == 2
    assert "would be lost" in outcome.err
    assert "4 rows were deleted" in call("telemetry", "purge", "--yes").out
    assert "nothing waits" in call("telemetry", "show").out


def test_what_cannot_be_done_is_said(call: Call, spooled: Path, tmp_path: Path) -> None:
    assert "needs a folder" in call("telemetry", "export").err
    assert "is not there" in call("telemetry", "export", tmp_path / "none").err
    spooled.unlink()
    assert "no telemetry has been recorded here" in call("telemetry", "show").err
