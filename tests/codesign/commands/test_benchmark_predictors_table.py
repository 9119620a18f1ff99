"""codesign/commands/benchmark_predictors_table.py"""

from __future__ import annotations

import io

from rich.console import Console

from codesign.commands.benchmark_predictors_table import print_standings
from tests.codesign.commands.standings import result_with


def printed(*rows: tuple[str, float], width: int = 200) -> str:
    out = io.StringIO()
    print_standings(result_with(*rows), Console(file=out, width=width))
    return out.getvalue()


def test_every_model_has_a_row_with_its_figures_and_their_spread() -> None:
    text = printed(("house", 0.012), ("mlp", 0.2))
    assert "1.2% ± 0.1%" in text
    assert "20.0% ± 0.1%" in text
    assert text.index("house") < text.index("mlp")


def test_intervals_that_promise_nothing_are_marked() -> None:
    assert "90.0% ± 0.1%*" in printed(("house", 0.01))


def test_what_was_not_timed_is_a_dash_and_the_footer_says_what_the_figures_are_of() -> None:
    text = printed(("house", 0.01))
    assert "–" in text
    assert "20 samples of t.npz, help protocol, 3 seeds; sources: a, b." in text


def test_a_narrow_terminal_gets_fewer_columns_none_of_them_broken() -> None:
    wide, narrow = printed(("house", 0.01)), printed(("house", 0.01), width=80)
    assert "Kendall" in wide
    assert "Kendall" not in narrow
    assert "1.0% ± 0.1%" in wide
    assert "1.0% " in narrow
