"""Whoever is killed, whenever: the clocks come back."""

from __future__ import annotations

import pytest

from tests.bench.bench_powerd_kill import run


def test_clocks_come_back_after_a_few_kills() -> None:
    report = run(5, seed=1, freezes=1)
    assert report["failures"] == []


@pytest.mark.slow
def test_clocks_come_back_after_two_hundred_kills_of_each() -> None:
    report = run(200, seed=2)
    assert report["failures"] == []
