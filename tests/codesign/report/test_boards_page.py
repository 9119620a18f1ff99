"""codesign/report/boards_page.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.report.boards_page import BoardRow, write_boards_page
from runtime.contract.errors import StorageError
from tests.codesign.report.sample import sample

ROW = BoardRow.of("nano", sample(), "nano/report.html", "nano/bundle")


def test_a_row_is_of_the_default_mode_at_its_best_clocks(tmp_path: Path) -> None:
    results = sample()
    bars = {bar["name"]: bar for bar in results["bars"]}
    assert ROW.energy_j == bars["exits_best_clocks"]["energy_j"]
    assert ROW.saving == pytest.approx(1 - ROW.energy_j / bars["static_max_clocks"]["energy_j"])
    write_boards_page([ROW], tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<a href='nano/report.html'>report</a>" in page
    assert f"{ROW.accuracy:.2%}" in page
    assert f"{ROW.energy_j * 1e3:.3f} mJ ({ROW.kind})" in page


def test_boards_still_to_come_and_notes_are_said_and_nothing_is_markup(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    write_boards_page([replace(ROW, board="<b>", saving=-0.1)], page, waiting=["tx2"], note="One <design>.")
    text = page.read_text(encoding="utf-8")
    assert "<td>tx2</td><td colspan='7'>not compiled yet</td>" in text
    assert "&lt;b&gt;" in text
    assert "One &lt;design&gt;." in text
    assert "10.0% MORE" in text


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the page over all boards cannot be written: .*\n  where: .*gone"):
        write_boards_page([ROW], tmp_path / "gone" / "index.html")
