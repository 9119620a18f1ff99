"""The tiny bundle, loaded, with what to expect of its default mode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.expected_answers import ExpectedAnswers
from runtime.serve.served_bundle import ServedBundle
from tests.runtime.serve.serving_doubles import loaded
from tests.tiny_cascade import write_tiny_bundle

EXPECTED = ExpectedAnswers(((0.5,), (), (), ()), ((0.3, 0.3), (0.2,), (0.1,), (0.1,)), 4000)


@pytest.fixture
def served(tmp_path: Path) -> ServedBundle:
    """`balanced` knows what to expect, the other modes do not."""
    write_tiny_bundle(tmp_path / "bundle")
    bundle = loaded(tmp_path / "bundle")
    balanced = bundle.modes["balanced"]
    knowing = replace(balanced, mode=replace(balanced.mode, expected_answers=EXPECTED))
    return replace(bundle, modes={**bundle.modes, "balanced": knowing})
