"""The model's parameters."""

from __future__ import annotations

from runtime.boards.behaviour import Debugfs, Quirks


def test_by_default_the_board_is_healthy() -> None:
    quirks = Quirks()
    assert quirks.debugfs is Debugfs.MOUNTED
    assert (quirks.gpu_missing_until_powered, quirks.in_container, quirks.has_battery) == (False, False, False)
    assert quirks.sensor_noise_w == 0.0
