"""Values of a layout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.boards.behaviour.layouts import layout_of

from .orin_paths import ORIN


@pytest.mark.parametrize(
    ("release", "version"), [("4.9.337-tegra", (4, 9)), ("5.10.216-tegra", (5, 10)), ("6.8.12-1021-tegra", (6, 8))]
)
def test_the_kernels_age_is_in_its_release(release: str, version: tuple[int, int]) -> None:
    assert replace(layout_of(ORIN), kernel=release).kernel_version == version
