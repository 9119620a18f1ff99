"""`codesign refine`, on the small run and what it reported from the field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.bundle.read_back import read_back
from codesign.commands.main import main
from tests.codesign.small_run import SmallRun
from tests.codesign.walk.field import Field, in_the_field


@pytest.fixture(scope="module")
def field(finished_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Field:
    found = in_the_field(finished_run, tmp_path_factory.mktemp("field"))
    found.store.close()
    return found


def refine(field: Field, *options: str) -> int:
    given = ["--telemetry", field.store.folder, "--run", field.folder, "--cache", field.run.cache]
    return main(["refine", *map(str, given), *options])


def test_a_dry_run_says_what_would_change_and_writes_nothing(field: Field, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(field.folder.iterdir())
    assert refine(field, "--dry-run", "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["bundle_id"] is None
    assert any(mode["changed"] for mode in told["modes"])
    assert sorted(field.folder.iterdir()) == before


def test_what_is_worth_it_is_written_with_a_page_that_says_why(
    field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "refined"
    assert refine(field, "--out", str(out)) == 0
    printed = capsys.readouterr().out
    told = json.loads((out / "refined.json").read_text())
    assert read_back(out / "bundle").bundle_id == told["bundle_id"]
    assert told["bundle_id"][:12] in printed
    assert (out / "diff.md").read_text().startswith("# What the field says")
    assert refine(field, "--out", str(out), "--served", str(out)) == 2
    assert "a bundle that is served is not overwritten" in capsys.readouterr().err
    # Nobody has served the child yet, so that it is its parent's rows that speak of it.
    assert refine(field, "--dry-run", "--served", str(out), "--json") == 0
    assert json.loads(capsys.readouterr().out)["parent"] == told["bundle_id"]


def test_where_nothing_is_worth_it_nothing_is_written_unless_asked(
    field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "refined"
    assert refine(field, "--out", str(out), "--min-saving", "0.99") == 0
    assert "Nothing is worth changing" in capsys.readouterr().out
    assert not out.exists()
    assert refine(field, "--out", str(out), "--min-saving", "0.99", "--always", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert not any(mode["changed"] for mode in told["modes"])
    assert read_back(out / "bundle").bundle_id == told["bundle_id"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--since", "yesterday"], "is no time"),
        (["--since", "2999-01-01"], "says nothing of the run's bundle"),
        (["--unit", "nobody"], "reported nothing that can be used"),
        (["--min-rows", "0"], "--min-rows must be at least 1"),
        (["--served", "nowhere"], "holds no refinement"),
    ],
)
def test_what_cannot_be_meant_is_said(
    field: Field, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert refine(field, "--dry-run", *options) == 2
    assert message in capsys.readouterr().err


def test_a_folder_with_something_else_in_it_is_not_written_to(
    field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("")
    assert refine(field, "--out", str(tmp_path)) == 2
    assert "holds something else" in capsys.readouterr().err


def test_a_folder_without_a_run_is_said(field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refine", "--telemetry", str(field.store.folder), "--run", str(tmp_path)]) == 2
    assert "holds no run" in capsys.readouterr().err
    (tmp_path / "run.json").write_text((field.folder / "run.json").read_text())
    assert main(["refine", "--telemetry", str(field.store.folder), "--run", str(tmp_path)]) == 2
    assert "holds no bundle" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_said(field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refine", "--telemetry", str(tmp_path / "none"), "--run", str(field.folder)]) == 2
    assert "holds no telemetry" in capsys.readouterr().err
