"""codesign/refine/served_costs.py"""

from __future__ import annotations

from tests.codesign.refine.fleet import MIX, POINTS, SERVED, served_costs

FOUND = served_costs()


def test_units_and_clocks_are_those_of_all_cells_each_once() -> None:
    assert FOUND.units == ("a", "b", "c")
    assert FOUND.points == tuple(sorted(POINTS))


def test_all_images_of_a_mode_are_counted_by_exit() -> None:
    assert FOUND.exits[SERVED] == tuple(3 * len(POINTS) * images for images in MIX)
