"""The soak of a minute that continuous integration runs: everything at once, and nothing is lost."""

from __future__ import annotations

import pytest

from .bench_soak import arguments, soak

pytest.importorskip("uvicorn", reason="serving needs the extra `serve`")


def test_in_a_minute_of_everything_at_once_nothing_is_lost_and_nothing_grows() -> None:
    report = soak(arguments(["--minutes", "0.45", "--swap-s", "3", "--stage-s", "1.5", "--most-per-s", "150"]))
    assert report["failures"] == []
    assert report["requests"]["200"] > 1000
    assert report["metrics"]["dropped_total"] > 0
    assert report["happened"]["rolled back"] == report["happened"]["bad bundles"] > 0
