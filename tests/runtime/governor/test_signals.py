from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import DataError
from runtime.governor.signals import Signals, read_trace, write_trace

ROWS = [
    Signals(0.0, 0, 1.5, idle_s=3.0, temperature_c=41.5),
    Signals(0.5, 2, 9.0, slack_s=0.04, battery_share=0.8, exit_shares={"balanced": (0.25, 0.75)}),
]


def test_a_trace_that_was_written_is_read_back_whole(tmp_path: Path) -> None:
    write_trace(tmp_path / "t.jsonl", ROWS)
    assert list(read_trace(tmp_path / "t.jsonl")) == ROWS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "not a row of signals"),
        ("[1]", "not a row of signals"),
        ("{", "not JSON"),
        ('{"at_s": 1, "queued": "many", "requests_per_s": 1}', "cannot be read"),
        ('{"at_s": 1, "queued": -1, "requests_per_s": 1}', "impossible"),
        ('{"at_s": 1, "queued": 0, "requests_per_s": NaN}', "impossible"),
        (
            '{"at_s": 2, "queued": 0, "requests_per_s": 1}\n{"at_s": 1, "queued": 0, "requests_per_s": 1}',
            "time runs backwards, from 2 to 1 s",
        ),
    ],
)
def test_a_line_that_is_no_row_is_refused_with_its_number(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(DataError, match=message) as caught:
        list(read_trace(path))
    assert f"t.jsonl:{text.count(chr(10)) + 1}" in str(caught.value.where)


def test_a_trace_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the trace cannot be read"):
        list(read_trace(tmp_path / "none.jsonl"))
