"""codesign/walk/warm_start.py and archive.py: what a second board need not work out again, and what it must."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from codesign.walk.archive import RunArchive
from codesign.walk.archive_file import read_archive
from codesign.walk.run_folder import ARCHIVE, RunFolder
from codesign.walk.warm_start import (
    WARM_START,
    Earlier,
    earlier_archive,
    first_chains,
    take_backbones,
    take_heads,
)
from runtime.contract.errors import ConfigError
from tests.codesign.walk.conftest import Parts


def archive_in(parts: Parts, folder: RunFolder, **changes: object) -> RunArchive:
    data = replace(parts.data, **changes)  # type: ignore[arg-type]
    return RunArchive(folder, parts.evaluator.supernet, data, parts.settings.score, 0)


def finalist_epochs(parts: Parts) -> int:
    return parts.preset.search.finalist_head_epochs


def taken(parts: Parts, earlier: Earlier, archive: RunArchive) -> tuple[str, str]:
    recipe = parts.preset.training
    return take_heads(earlier, archive, recipe, 0), take_backbones(earlier, archive, recipe, finalist_epochs(parts), 0)


def archived(parts: Parts, *whats: str) -> set[str]:
    """Files that the archive vouches for: other tests leave files in the same run folder that it does not."""
    entries = read_archive(parts.folder.archive).entries
    return {name for entry in entries if entry.what in whats and "failed" not in entry.values for name in entry.files}


def test_on_the_same_images_everything_is_taken_bit_for_bit(parts: Parts, empty_folder: RunFolder) -> None:
    earlier, archive = earlier_archive(parts.folder.path), archive_in(parts, empty_folder)
    heads, backbones = taken(parts, earlier, archive)
    assert heads.startswith("Shared heads taken from ")
    assert "evaluated backbones and" in backbones
    names = archived(parts, "heads", "backbone")
    assert len(names) > 1
    for name in names:
        assert (empty_folder.path / name).read_bytes() == (parts.folder.path / name).read_bytes()
    again = read_archive(empty_folder.archive).entries
    assert all(entry.made["taken_from"] == str(parts.folder.archive) for entry in again)
    assert len(read_archive(empty_folder.archive).entries) == len({entry.key for entry in again})


def test_of_other_images_nothing_is_taken_and_the_reason_is_said(parts: Parts, empty_folder: RunFolder) -> None:
    shutil.copy(parts.folder.heads, empty_folder.heads)
    archive = archive_in(parts, empty_folder, fingerprint="another")
    heads, backbones = taken(parts, earlier_archive(parts.folder.path), archive)
    assert heads.endswith("not taken: they were evaluated on other images, or other splits of them.")
    assert backbones.endswith("can be used: they were evaluated on other images, or other splits of them.")
    assert not any(empty_folder.backbones.iterdir())


def test_answers_of_other_heads_are_not_taken(parts: Parts, empty_folder: RunFolder) -> None:
    archive, recipe = archive_in(parts, empty_folder), parts.preset.training
    sentence = take_heads(earlier_archive(parts.folder.path), archive, recipe, 1)
    assert sentence.endswith("not taken: their heads were trained otherwise.")
    empty_folder.heads.write_bytes(b"others")
    sentence = take_backbones(earlier_archive(parts.folder.path), archive, recipe, finalist_epochs(parts), 0)
    assert sentence.endswith("can be used: their exits have other heads.")


def test_a_file_that_is_not_what_the_archive_says_is_left(
    parts: Parts, empty_folder: RunFolder, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(parts.folder.path, copy)
    evaluated = {name for name in archived(parts, "backbone") if name.startswith("search/backbones/")}
    spoilt = copy / min(evaluated)
    spoilt.write_bytes(b"spoilt")
    taken(parts, earlier_archive(copy), archive_in(parts, empty_folder))
    kept = {file.name for file in empty_folder.backbones.iterdir()}
    assert kept == {Path(name).name for name in evaluated} - {spoilt.name}


def test_an_archive_reaches_for_no_file_outside_its_folder(
    parts: Parts, empty_folder: RunFolder, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    lines = parts.folder.archive.read_text(encoding="utf-8").splitlines()
    table = json.loads(lines[0])
    (tmp_path / "secret").write_bytes(parts.folder.heads.read_bytes())
    table["files"] = {"../secret": next(iter(table["files"].values()))}
    (copy / ARCHIVE).write_text(json.dumps(table) + "\n", encoding="utf-8")
    heads = take_heads(earlier_archive(copy), archive_in(parts, empty_folder), parts.preset.training, 0)
    assert "not taken: there are none in it whose files are whole" in heads


def test_the_search_starts_from_the_other_boards_front_and_a_resumed_one_from_the_same(
    parts: Parts, empty_folder: RunFolder
) -> None:
    space, archive = parts.evaluator.supernet.space, archive_in(parts, empty_folder)
    chains = first_chains(earlier_archive(parts.folder.path), archive, space)
    known = {entry.name for entry in read_archive(parts.folder.archive).entries}
    assert chains
    assert {parts.evaluator(genome).name for chain in chains for genome in chain} <= known
    assert json.loads((empty_folder.path / WARM_START).read_text(encoding="utf-8"))["from"] == str(parts.folder.archive)
    assert first_chains(None, archive, space) == chains


def test_without_an_earlier_run_the_search_starts_at_random(parts: Parts, empty_folder: RunFolder) -> None:
    assert first_chains(None, archive_in(parts, empty_folder), parts.evaluator.supernet.space) == ()
    assert not (empty_folder.path / WARM_START).exists()


def test_where_there_is_no_archive_that_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.jsonl"):
        with pytest.raises(ConfigError, match=r"holds no archive of evaluations\n  where: --from"):
            earlier_archive(path)
