"""`edge-runtime govern`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.governor.signals import Signals, write_trace
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.jsonl"
    write_trace(path, [Signals(0.5 * k, 1, 4.0, temperature_c=50.0) for k in range(41)])
    return path


def test_a_trace_is_decided_again_and_summed_up(call: Call, bundle: Path, trace: Path) -> None:
    call("install", bundle)
    outcome = call("govern", "--trace", trace)
    assert outcome.status == 0
    for text in ("mode balanced", "41 moments", "predicted", "deadline 60 ms"):
        assert text in outcome.out
    table = call("govern", "--trace", trace, "--json").json()
    assert table["kind"] == "predicted"
    assert table["mode_shares"] == {"balanced": 1.0}
    assert table["mean_w"] > 0


def test_picture_and_steps_are_written_where_asked_for(call: Call, bundle: Path, trace: Path, tmp_path: Path) -> None:
    call("install", bundle)
    plot, steps = tmp_path / "out.svg", tmp_path / "out.jsonl"
    assert call("govern", "--trace", trace, "--plot", plot, "--steps", steps).status == 0
    assert plot.read_text().startswith("<svg")
    rows = [json.loads(line) for line in steps.read_text().splitlines()]
    assert len(rows) == 41
    assert rows[0]["decision"]["mode"] == "balanced"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--mode", "none"), "no mode 'none'"),
        (("--deadline-ms", "0"), "deadline_s must be above 0"),
        (("--plot", "no/such/folder/x.svg"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    call: Call, bundle: Path, trace: Path, arguments: tuple[str, str], message: str
) -> None:
    call("install", bundle)
    outcome = call("govern", "--trace", trace, *arguments)
    assert outcome.status == 2
    assert message in outcome.err


def test_a_trace_that_is_not_there_is_said(call: Call, bundle: Path, tmp_path: Path) -> None:
    call("install", bundle)
    outcome = call("govern", "--trace", tmp_path / "none")
    assert outcome.status == 2
    assert "the trace cannot be read" in outcome.err
