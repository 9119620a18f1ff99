"""The search history."""

from __future__ import annotations

import pytest

from codesign.report.findings import Generation
from codesign.report.progress import history_picture


@pytest.mark.parametrize("count", [1, 2, 40])
def test_each_generation_is_a_dot(count: int) -> None:
    history = [Generation(i, 12 * (i + 1), 0.4 + 0.001 * i) for i in range(count)]
    picture = history_picture(history)
    assert picture.wide.count("history-dot") == picture.narrow.count("history-dot") == count


def test_a_search_that_found_nothing_is_flat_and_not_a_crash() -> None:
    assert (
        "Hypervolume grew from 0.0000 to 0.0000" in history_picture([Generation(0, 0, 0.0), Generation(1, 0, 0.0)]).wide
    )
