"""codesign/report/limits.py"""

from __future__ import annotations

from typing import Any

import pytest

from codesign.report.limits import limits_from
from codesign.report.page import rendered
from codesign.report.reading import Node
from codesign.report.results import results_from
from runtime.contract.errors import ConfigError
from tests.codesign.report.sample import sample


def row(**changes: Any) -> dict[str, Any]:
    made = {
        "limit": "latency p99",
        "option": "--max-p99-latency-ms",
        "unit": "ms",
        "per_si": 1e3,
        "at_least": False,
        "asked": 0.002,
        "mode": "balanced",
        "select": 0.0019,
        "test": 0.0021,
        "kept_on_test": False,
        "kind": "simulated",
        "how": "from how many leave at each exit",
    }
    return made | changes


def test_every_mode_is_shown_beside_what_was_asked_and_where_the_limit_is_not_kept_that_is_said() -> None:
    kept = row(mode="accurate", test=0.0015, kept_on_test=True, how=None)
    page = rendered(results_from({**sample(), "limits": [row(), kept]}))
    assert "latency p99<small>from how many leave at each exit</small>" in page
    assert '<td class="n">≤ 2 ms</td><td>balanced</td>' in page
    assert "2.1 ms<small>not kept there</small>" in page
    assert page.count("not kept there") == 1


def test_a_floor_is_a_floor() -> None:
    (found,) = limits_from(Node([row(at_least=True, unit="", per_si=1.0, asked=0.9)], "limits"))
    assert found.asked_text == "≥ 0.9"


def test_without_limits_the_page_says_nothing_of_them() -> None:
    assert results_from(sample()).limits is None
    assert "<h3>Limits</h3>" not in rendered(results_from(sample()))


@pytest.mark.parametrize("changes", [{"kept_on_test": "yes"}, {"per_si": 0}, {"kind": "guessed"}, {"asked": None}])
def test_what_cannot_be_is_named_by_its_path(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"results.json: limits\[0\].{next(iter(changes))}"):
        limits_from(Node([row(**changes)], "limits"))
