"""A plan knows its tasks, and its fingerprint follows every file it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.measure.plan import fingerprint

from .small_plan import CHAIN, FAST, LONE, SLOW, small_plan, write_networks


def test_every_subject_is_measured_at_every_point_or_at_its_own() -> None:
    plan = small_plan(CHAIN, replace(LONE, points=(FAST,)), points=(None, SLOW))
    assert [(subject.id, point) for subject, point in plan.tasks] == [("chain", None), ("chain", SLOW), ("lone", FAST)]


def test_the_load_is_said_in_words() -> None:
    assert small_plan().load == "back_to_back"
    assert small_plan(requests_per_s=25.0).load == "25 requests/s"


def test_a_subject_is_found_by_its_id() -> None:
    assert small_plan().subject("lone") is LONE


def test_the_fingerprint_follows_the_plan_and_its_files(tmp_path: Path) -> None:
    write_networks(tmp_path)
    before = fingerprint(small_plan(), tmp_path)
    assert before == fingerprint(small_plan(), tmp_path)
    assert before != fingerprint(small_plan(runs=20), tmp_path)
    (tmp_path / "lone.onnx").write_bytes(b"other")
    assert before != fingerprint(small_plan(), tmp_path)


def test_a_stage_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_networks(tmp_path)
    (tmp_path / "chain" / "1.onnx").unlink()
    with pytest.raises(ConfigError, match=r"no stage file 'chain/1.onnx'(.|\n)*subjects\[0\].stages\[1\]"):
        fingerprint(small_plan(), tmp_path)
