"""Conformance of clocks, every implementation in turn; and what `held_at` promises."""

from __future__ import annotations

import json

import pytest

from runtime.boards.clocks import Applied, ClockRefused, Clocks, ClockSnapshot, held_at, nearest
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

NOT_OFFERED = OperatingPoint(cpu_hz=1_000_000_007, gpu_hz=500_000_003, emc_hz=900_000_001)


def test_the_current_point_is_one_of_the_choices(clocks: Clocks) -> None:
    assert clocks.current() in clocks.choices()


def test_choices_ascend_without_repeats(clocks: Clocks) -> None:
    assert list(clocks.choices()) == sorted(set(clocks.choices()))


def test_a_point_that_was_set_is_read_back(clocks: Clocks) -> None:
    for point in (clocks.choices()[0], clocks.choices()[-1], clocks.choices()[len(clocks.choices()) // 2]):
        clocks.set(point)
        assert clocks.current() == point


def test_set_returns_what_was_asked_what_was_applied_and_how_long_it_took(clocks: Clocks) -> None:
    point = clocks.choices()[0]
    applied = clocks.set(point)
    assert (applied.requested, applied.applied) == (point, point)
    assert 0.0 <= applied.took_s < 10.0


def test_setting_what_is_held_already_changes_nothing(clocks: Clocks) -> None:
    for _ in range(2):
        assert clocks.set(clocks.choices()[-1]).applied == clocks.current() == clocks.choices()[-1]


def test_restore_brings_back_what_the_snapshot_saw(clocks: Clocks) -> None:
    before, found = clocks.current(), clocks.snapshot()
    for point in (clocks.choices()[0], clocks.choices()[-1]):
        clocks.set(point)
    clocks.restore(found)
    assert clocks.current() == before
    assert clocks.snapshot() == found


def test_restore_brings_back_a_point_that_was_set(clocks: Clocks) -> None:
    clocks.set(clocks.choices()[0])
    found = clocks.snapshot()
    clocks.set(clocks.choices()[-1])
    clocks.restore(found)
    assert clocks.current() == clocks.choices()[0]


def test_restoring_twice_or_at_once_is_harmless(clocks: Clocks) -> None:
    before, found = clocks.current(), clocks.snapshot()
    clocks.restore(found)
    clocks.set(clocks.choices()[0])
    clocks.restore(found)
    clocks.restore(found)
    assert clocks.current() == before


def test_a_snapshot_survives_a_state_file(clocks: Clocks) -> None:
    before, found = clocks.current(), clocks.snapshot()
    read_back = ClockSnapshot.from_json(json.loads(json.dumps(found.to_json())))
    assert read_back == found
    clocks.set(clocks.choices()[0])
    clocks.restore(read_back)
    assert clocks.current() == before


def test_a_point_that_is_not_offered_is_refused_with_its_neighbours(clocks: Clocks) -> None:
    with pytest.raises(ClockRefused, match=r"not to be had; the device holds .*\n  to do: choose one of") as refusal:
        clocks.set(NOT_OFFERED)
    assert str(nearest(NOT_OFFERED, clocks.choices())[0]) in str(refusal.value)
    assert isinstance(refusal.value, BoardError)


def test_a_refusal_leaves_the_clocks_as_they_were(clocks: Clocks) -> None:
    clocks.set(clocks.choices()[0])
    with pytest.raises(ClockRefused):
        clocks.set(NOT_OFFERED)
    assert clocks.current() == clocks.choices()[0]


def test_held_clocks_are_held_inside_and_return_after(clocks: Clocks) -> None:
    before = clocks.current()
    with held_at(clocks, clocks.choices()[0]):
        assert clocks.current() == clocks.choices()[0]
    assert clocks.current() == before


def test_clocks_return_after_a_crash(clocks: Clocks) -> None:
    before = clocks.current()
    with pytest.raises(RuntimeError, match="inference died"), held_at(clocks, clocks.choices()[0]):
        raise RuntimeError("inference died")
    assert clocks.current() == before


def test_clocks_return_though_the_block_set_others(clocks: Clocks) -> None:
    before = clocks.current()
    with held_at(clocks, clocks.choices()[0]):
        clocks.set(clocks.choices()[1])
    assert clocks.current() == before


def test_a_block_does_not_run_at_clocks_that_are_refused(clocks: Clocks) -> None:
    before, ran = clocks.current(), False
    with pytest.raises(ClockRefused), held_at(clocks, NOT_OFFERED):
        ran = True
    assert not ran
    assert clocks.current() == before


class SlipsWhenSet:
    """A device that takes a write and then holds something between: `set` fails after the clocks have moved."""

    def __init__(self, points: tuple[OperatingPoint, ...]) -> None:
        self.points, self.at = points, points[0]

    def choices(self) -> tuple[OperatingPoint, ...]:
        return self.points

    def current(self) -> OperatingPoint:
        return self.at

    def set(self, point: OperatingPoint) -> Applied:
        self.at = self.points[1] if point == self.points[2] else point
        if self.at != point:
            raise ClockRefused(point, self.at, self.points)
        return Applied(point, point, took_s=0.0)

    def snapshot(self) -> ClockSnapshot:
        return ClockSnapshot((("point", json.dumps(self.at.to_json())),))

    def restore(self, snapshot: ClockSnapshot) -> None:
        self.at = OperatingPoint.from_json(json.loads(snapshot.values[0][1]))


def test_clocks_return_though_setting_them_failed_half_way() -> None:
    slow, middle, fast = (OperatingPoint(hz, hz, hz) for hz in (100_000_000, 200_000_000, 300_000_000))
    device = SlipsWhenSet((slow, middle, fast))
    with pytest.raises(ClockRefused), held_at(device, fast):
        pass
    assert device.current() == slow


def test_the_nearest_choices_come_closest_first() -> None:
    points = tuple(OperatingPoint(hz, hz, hz) for hz in (100_000_000, 200_000_000, 300_000_000, 400_000_000))
    asked = OperatingPoint(290_000_000, 290_000_000, 290_000_000)
    assert nearest(asked, points) == (points[2], points[3], points[1])


def test_a_snapshot_is_completed_by_what_only_an_earlier_one_saw() -> None:
    earlier = ClockSnapshot((("/cluster0", "1"), ("/cluster1", "2")))
    assert ClockSnapshot((("/cluster0", "3"),)).completed_by(earlier).values == (("/cluster0", "3"), ("/cluster1", "2"))
