"""codesign/report/search_told.py"""

from __future__ import annotations

from typing import Any

import pytest

from codesign.report.page import rendered
from codesign.report.results import results_from
from runtime.contract.errors import ConfigError
from tests.codesign.report.sample import sample


def told(**changes: Any) -> dict[str, Any]:
    plain = {"strategy": "house", "backbones": 96, "chains": 40, "solves_saved": 0, "with_too_many_exits": 0}
    return {**plain, "failed": [], **changes}


def test_the_page_says_how_it_was_searched() -> None:
    shown = rendered(results_from({**sample(), "search": told()}))
    assert "Strategy house: 96 backbones evaluated, 40 chains solved exactly.</p>" in shown


def test_what_was_spared_left_out_or_failed_is_said_where_there_was_any() -> None:
    failed = [{"name": "b1", "why": "no memory\n  where: there"}]
    search = results_from({**sample(), "search": told(solves_saved=7, with_too_many_exits=2, failed=failed)}).search
    assert search is not None
    for part in (
        "40 chains solved exactly, 7 left unsolved since a bound showed them to be behind, ",
        "2 left out for having too many exits, ",
        "1 of the backbones could not be evaluated (no memory).",
    ):
        assert part in search.sentence


def test_results_of_older_versions_say_nothing_of_it() -> None:
    assert results_from(sample()).search is None


def test_a_count_that_is_no_count_is_named() -> None:
    with pytest.raises(ConfigError, match=r"search\.chains"):
        results_from({**sample(), "search": told(chains=-1)})
