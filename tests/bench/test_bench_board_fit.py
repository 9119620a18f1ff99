"""The bench prints what it writes, and finds again what the profiles hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.boards.profile import profile
from tests.bench.bench_board_fit import main
from tests.bench.board_loudva_fits import BOARDS, fit_loudva


def test_it_prints_every_board_and_writes_the_same_as_json(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--data", str(shared_data), "--json", str(tmp_path / "errors.json")])
    report = json.loads((tmp_path / "errors.json").read_text())
    assert report["tx2 latency"]["xception_600x600"]["cells"] == 192
    assert report["agx-xavier"]["power"]["mean_error"] < 0.06
    assert len(report["orin-nano-super periodic power"]) == 16
    assert "xavier-nx, LoudVA" in capsys.readouterr().out


@pytest.mark.parametrize("board", BOARDS)
def test_a_new_fit_to_loudva_finds_what_the_profile_holds(board: str, shared_data: Path) -> None:
    fitted = fit_loudva(shared_data / "dvfs" / "loudva_power_latency.csv", board)
    known = profile(board)
    held = {p.name: p.values[0] for p in (*known.latency["gpu"], *known.idle, *known.active["gpu"])}
    for name in ("macs_per_core_cycle", "base_w", "core_active_w", "gpu_voltage_swing"):
        assert fitted[name] == pytest.approx(held[name], rel=0.02), name
