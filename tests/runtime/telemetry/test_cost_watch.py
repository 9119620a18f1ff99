"""Costs against what was promised."""

from __future__ import annotations

import pytest

from runtime.telemetry.cost_watch import STRETCH_S, STRETCHES, CostWatch


def stretches(watch: CostWatch, count: int, ratio: float, start_s: float = 0.0, images: int = 600) -> list[bool]:
    """So many stretches; what changed."""
    found = []
    for k in range(count * images):
        changed = watch.answered(start_s + 1.02 * STRETCH_S * k / images, 0.010 * ratio, 0.010)
        if changed is not None:
            found.append(changed)
    return found


def test_nothing_is_judged_before_ten_stretches() -> None:
    watch = CostWatch()
    stretches(watch, STRETCHES - 1, 3.0)
    assert watch.ratio is None
    assert not watch.off


@pytest.mark.parametrize(("ratio", "changes"), [(1.14, []), (0.86, []), (1.16, [True]), (0.84, [True])])
def test_a_median_off_by_more_than_fifteen_per_cent_is_an_alarm(ratio: float, changes: list[bool]) -> None:
    watch = CostWatch()
    assert stretches(watch, STRETCHES + 2, ratio) == changes
    assert watch.ratio == pytest.approx(ratio)


def test_half_an_hour_of_other_work_is_no_alarm() -> None:
    watch = CostWatch()
    found = [stretches(watch, count, ratio, 1e4 * k) for k, (count, ratio) in enumerate([(9, 1.0), (3, 4.0), (9, 1.0)])]
    assert found == [[], [], []]


def test_an_alarm_ends_where_the_cost_is_back_and_does_not_flap_between() -> None:
    watch = CostWatch()
    assert stretches(watch, 12, 1.2) == [True]
    assert stretches(watch, 20, 1.12, 1e5) == []
    assert stretches(watch, 12, 1.05, 2e5) == [False]


def test_a_slow_camera_is_judged_by_longer_stretches() -> None:
    watch = CostWatch()
    stretches(watch, 50, 1.0, images=100)
    assert len(watch.ratios) in (9, 10)


def test_what_promises_nothing_is_not_judged() -> None:
    watch = CostWatch()
    for k in range(20_000):
        assert watch.answered(float(k), 1.0, 0.0) is None
    assert watch.ratio is None
