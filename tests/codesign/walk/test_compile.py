"""The order of the walk, and the board it prices on; the whole of it: tests/codesign/commands/test_compile.py."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from codesign.walk.choose_step import MODE_LOSSES
from codesign.walk.compile import board_pricing, compile_bundle, limits_of
from codesign.walk.progress import Steps
from runtime.boards.profile import profile
from runtime.contract.errors import BoardError
from tests.codesign.small_run import BOARD
from tests.codesign.walk.conftest import Parts


@pytest.mark.parametrize("device", ["gpu", "cpu"])
def test_a_run_prices_on_every_operating_point_of_the_board(parts: Parts, device: str) -> None:
    board, pricing = profile(BOARD), board_pricing(replace(parts.settings, device=device))  # type: ignore[arg-type]
    assert pricing.points == tuple(board.points(device))
    assert pricing.points[pricing.default] == board.default_point(device)
    assert pricing.points[pricing.fastest] == board.max_point(device)
    assert device in pricing.model.hardware


def test_an_unknown_board_is_refused_with_those_there_are(parts: Parts) -> None:
    with pytest.raises(BoardError, match="unknown board 'nanu'") as caught:
        board_pricing(replace(parts.settings, board="nanu"))
    assert BOARD in str(caught.value)


def test_limits_are_those_of_the_settings_and_the_preset(parts: Parts) -> None:
    limits = limits_of(parts.preset, replace(parts.settings, max_latency_s=0.5, requests_per_s=7.0))
    assert (limits.max_exits, limits.max_worst_latency_s, limits.requests_per_s, limits.min_accuracy) == (
        2,
        0.5,
        7.0,
        None,
    )


def walked(parts: Parts, out: Path, **changes: object) -> tuple[dict[str, object], str]:
    text = io.StringIO()
    settings = replace(parts.settings, **changes)  # type: ignore[arg-type]
    steps = Steps(Console(file=text, width=200))
    compiled = compile_bundle(settings, out, parts.run.cache, "the command", resume=False, steps=steps)
    assert compiled.folder.path == out
    return compiled.results, text.getvalue()


def test_a_mode_that_nothing_meets_is_said_aloud(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODE_LOSSES, "accurate", (-100.0, 0.0))  # it must be a hundred times the loss *better*
    results, said = walked(parts, tmp_path / "out")
    notes = results["data"]["notes"]  # type: ignore[index]
    missed = [note for note in notes if note.startswith("Mode ")]
    assert len(missed) == 1
    assert missed[0].startswith("Mode accurate:")
    assert missed[0] in said


def test_served_energy_is_minimised_where_asked_for(parts: Parts, tmp_path: Path) -> None:
    results, _ = walked(parts, tmp_path / "out", energy="served", requests_per_s=30.0)
    history = [row["hypervolume"] for row in results["history"]]  # type: ignore[attr-defined]
    assert history[-1] > 0.0
    balanced = {name: _balanced(found) for name, found in (("served", results), ("alone", parts.run.results))}
    assert balanced["served"]["served_energy_j"] <= balanced["alone"]["served_energy_j"] * (1 + 1e-9)


def _balanced(results: dict[str, object]) -> dict[str, float]:
    found: dict[str, float] = next(mode["select"] for mode in results["modes"] if mode["default"])  # type: ignore
    return found


def test_the_test_set_is_left_for_the_board(parts: Parts) -> None:
    with np.load(parts.run.out / "test.npz", allow_pickle=False) as kept:
        np.testing.assert_array_equal(kept["images"], parts.data.test.images)
        np.testing.assert_array_equal(kept["labels"], parts.data.test.labels)
        assert tuple(kept["classes"].tolist()) == parts.data.classes
