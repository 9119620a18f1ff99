"""`codesign rollout`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.commands.main import main
from tests.codesign.fleet.rolled_out import NEW, write_fleet


def rollout(store: Path, *more: str) -> int:
    return main(["rollout", "--store", str(store), "--candidate", NEW, *more])


def test_a_bundle_that_saves_is_widened_step_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fleet(tmp_path, energy=0.9)
    assert rollout(tmp_path) == 0
    said = capsys.readouterr().out
    assert "widen: energy is not worse" in said
    assert "send to every board: edge-runtime install BUNDLE --canary" in said


def test_one_that_draws_more_is_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fleet(tmp_path, energy=1.15)
    assert rollout(tmp_path, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "roll back"
    assert told["effects"][0]["name"] == "energy"
    assert rollout(tmp_path) == 1
    assert f"edge-runtime rollback --from {NEW}" in capsys.readouterr().out


def test_where_too_little_is_known_it_is_to_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fleet(tmp_path, boards=6, share=0.3)
    assert rollout(tmp_path) == 3
    assert "wait:" in capsys.readouterr().out


def test_tolerances_that_cannot_be_meant_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fleet(tmp_path, boards=2, before_h=1, after_h=1)
    assert rollout(tmp_path, "--error", "60") == 2
    assert "an error between 0 and 50 %" in capsys.readouterr().err
