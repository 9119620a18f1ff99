"""`runtime.open_bundle` is the door to the board side; it opens on first use (how fast: test_lazy_import.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

import runtime
from runtime.engine import bundle as engine
from tests.tiny_cascade import random_images


def test_a_bundle_is_opened_and_answers(bundle: Path) -> None:
    answer = runtime.open_bundle(bundle).infer(random_images(1)[0])
    assert answer.label in engine.open_bundle(bundle).classes


def test_the_function_is_the_engines_own() -> None:
    assert runtime.open_bundle is engine.open_bundle
    assert "open_bundle" in dir(runtime)


def test_nothing_else_is_there() -> None:
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'close_bundle'"):
        runtime.close_bundle  # type: ignore[attr-defined]  # noqa: B018
