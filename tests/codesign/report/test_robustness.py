"""codesign/report/robustness.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codesign.report.page import write_report
from codesign.report.quantities import percent_text
from codesign.report.reading import Node
from codesign.report.robustness import robustness_from
from runtime.contract.errors import ConfigError
from tests.codesign.report.sample import sample


def table() -> dict[str, Any]:
    row = {"corruption": "clean", "strength": 0.0, "accuracy": 0.9, "full_accuracy": 0.92, "harm": 0.03,
           "exit_shares": [0.75, 0.25], "energy_j": 0.002}  # fmt: skip
    worse = row | {"corruption": "blur", "strength": 1.5, "accuracy": 0.6, "exit_shares": [0.4, 0.6]}
    return {"mode": "balanced", "images": 500, "rows": [row, worse], "full_depth_energy_j": 0.006,
            "static_energy_j": 0.005}  # fmt: skip


def test_it_is_read_with_what_follows_from_it() -> None:
    found = robustness_from(Node(table(), "robustness"))
    assert found.worst_over_static == pytest.approx(1.2)
    assert found.rows[1].loss == pytest.approx(0.32)
    assert found.rows[1].full_depth_share == 0.6


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("exit_shares", [], "a share for every exit"),
        ("accuracy", 1.2, "a fraction from 0 to 1"),
        ("energy_j", 0, "a number above 0"),
    ],
)
def test_what_cannot_be_is_named_by_its_path(key: str, value: Any, message: str) -> None:
    broken = table()
    broken["rows"][1][key] = value
    with pytest.raises(ConfigError, match=rf"{message}(.|\n)*robustness.rows\[1\].{key}"):
        robustness_from(Node(broken, "robustness"))


def test_the_page_shows_it_where_it_is_there(tmp_path: Path) -> None:
    write_report(sample(), tmp_path / "without.html")
    assert "When images get worse" not in (tmp_path / "without.html").read_text()
    write_report(sample() | {"robustness": table()}, tmp_path / "with.html")
    text = (tmp_path / "with.html").read_text()
    assert "When images get worse" in text
    assert f"cost {percent_text(1.2)} of the full network alone" in text
    assert "+32.0 points" in text
