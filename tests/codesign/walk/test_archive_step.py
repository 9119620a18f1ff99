"""codesign/walk/archive_step.py: when a run takes from an earlier one, and what it says."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from codesign.walk.archive import RunArchive
from codesign.walk.archive_step import Archiving, earlier_of
from codesign.walk.progress import Steps
from codesign.walk.run_folder import RunFolder
from codesign.walk.warm_start import WARM_START, Earlier, earlier_archive
from runtime.contract.errors import ConfigError
from tests.codesign.walk.conftest import Parts


def said_by(parts: Parts, folder: RunFolder, earlier: Earlier | None) -> tuple[str, int]:
    """What is said before heads and before the search, as one line, and how many chains it starts from."""
    text = io.StringIO()
    archive = RunArchive(folder, parts.evaluator.supernet, parts.data, parts.settings.score, 0)
    steps = Steps(Console(file=text, width=400))
    archiving = Archiving(archive, earlier, parts.preset.training, 0, steps)
    archiving.before_heads()
    if not folder.heads.is_file():
        folder.heads.write_bytes(parts.folder.heads.read_bytes())  # as trained
    first = archiving.before_search(parts.preset.search.finalist_head_epochs, parts.evaluator.supernet.space)
    return text.getvalue(), len(first)


def test_what_is_taken_is_said(parts: Parts, empty_folder: RunFolder) -> None:
    said, chains = said_by(parts, empty_folder, earlier_archive(parts.folder.path))
    assert "Shared heads taken from" in said
    assert "with heads of their own taken from" in said
    assert f"The search starts from {chains} chains of that run's front." in said
    assert chains > 0


def test_without_an_earlier_run_nothing_is_said(parts: Parts, empty_folder: RunFolder) -> None:
    assert said_by(parts, empty_folder, None) == ("", 0)


def test_damaged_lines_of_either_archive_are_said_aloud(parts: Parts, empty_folder: RunFolder, tmp_path: Path) -> None:
    empty_folder.archive.write_text("nonsense\n", encoding="utf-8")
    other = tmp_path / "archive.jsonl"
    other.write_text("more\nnonsense\n", encoding="utf-8")
    said, _ = said_by(parts, empty_folder, earlier_archive(other))
    assert f"{empty_folder.archive}: 1 damaged line skipped (1)" in said
    assert f"{other}: 2 damaged lines skipped (1, 2)" in said


def test_a_resumed_run_needs_the_earlier_one_no_more(parts: Parts, tmp_path: Path) -> None:
    settings = replace(parts.settings, warm_start=str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match="holds no archive of evaluations"):
        earlier_of(settings, tmp_path)
    (tmp_path / WARM_START).write_text("{}", encoding="utf-8")
    assert earlier_of(settings, tmp_path) is None


def test_the_same_run_for_another_board_goes_before_what_was_given(parts: Parts, tmp_path: Path) -> None:
    settings = replace(parts.settings, warm_start=str(tmp_path / "gone"))
    found = earlier_of(settings, tmp_path / "out", parts.folder)
    assert found is not None
    assert found.path == parts.folder.archive
    assert earlier_of(parts.settings, tmp_path / "out") is None
