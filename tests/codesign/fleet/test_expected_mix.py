from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.fleet.expected_mix import expected_mix
from runtime.contract.errors import DataError
from runtime.contract.expected_answers import ExpectedAnswers
from tests.tiny_cascade import tiny_parts, write_tiny_bundle

EXPECTED = ExpectedAnswers(((0.5,), (), (), ()), ((0.3, 0.3), (0.2,), (0.1,), (0.1,)), 4000)


def test_modes_that_say_what_to_expect_are_found_at_any_depth(tmp_path: Path) -> None:
    modes = [
        replace(mode, expected_answers=EXPECTED if mode.name == "balanced" else None) for mode in tiny_parts()["modes"]
    ]
    manifest = write_tiny_bundle(tmp_path / "runs" / "one" / "bundle", modes=modes)
    write_tiny_bundle(tmp_path / "runs" / "two" / "bundle")  # of an earlier version: says nothing
    assert expected_mix([tmp_path / "runs"]) == {(manifest.bundle_id, "balanced"): EXPECTED}
    assert expected_mix([]) == {}


def test_a_folder_without_a_bundle_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no bundle in"):
        expected_mix([tmp_path])
