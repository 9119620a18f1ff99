from __future__ import annotations

from xml.etree import ElementTree

from codesign.fleet.charts import MOST_ROWS, days_picture, exit_picture, ratio_picture
from codesign.fleet.view import Fleet


def test_every_picture_is_drawn_whole_for_wide_and_narrow_pages(fleet: Fleet) -> None:
    pictures = [ratio_picture(fleet.devices), exit_picture(fleet.exits), days_picture(fleet.answers["days"])]
    for picture in pictures:
        assert picture is not None
        for drawing in (picture.wide, picture.narrow):
            assert ElementTree.fromstring(drawing).attrib["aria-label"]  # noqa: S314 (our own)


def test_those_furthest_off_come_first_and_no_more_than_can_be_read(fleet: Fleet) -> None:
    picture = ratio_picture(fleet.devices)
    assert picture is not None
    assert picture.wide.index("drifts") < picture.wide.index("keeps")
    many = [{**fleet.devices[0], "device_id": f"d{k}"} for k in range(100)]
    crowded = ratio_picture(many)
    assert crowded is not None
    assert crowded.wide.count("<circle") == MOST_ROWS


def test_what_is_not_known_is_not_drawn(fleet: Fleet) -> None:
    nothing = [{**row, "energy_ratio": None, "latency_ratio": None} for row in fleet.devices]
    assert ratio_picture(nothing) is None
    assert exit_picture([]) is None
    assert days_picture(fleet.answers["days"][:1]) is None
