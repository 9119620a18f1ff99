"""The package as others use it."""

from __future__ import annotations

import runtime.boards.behaviour as package
from runtime.boards.behaviour import behavioural_board


def test_the_package_offers_what_it_names() -> None:
    assert all(hasattr(package, name) for name in package.__all__)


def test_a_board_is_had_by_name_alone() -> None:
    assert behavioural_board("orin-nano-super").read("/proc/device-tree/model").startswith(b"NVIDIA Jetson Orin Nano")
