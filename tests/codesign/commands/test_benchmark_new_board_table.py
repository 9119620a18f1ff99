"""codesign/commands/benchmark_new_board_table.py"""

from __future__ import annotations

import io

from rich.console import Console

from codesign.commands.benchmark_new_board_table import print_table

SPREAD = {"median": 0.01, "mean": 0.02, "std": 0.01, "p90": 0.04, "max": 0.05}
NOTHING = dict.fromkeys(SPREAD)
LEARNT = dict.fromkeys(("regret", "nearest_regret", "answer_s", "answer_cpu_s", "learn_s"), SPREAD)
ABOUT = {"boards": ["a", "b"], "designs": 256, "table": "t.npz", "seeds": 3, "kind": "as judged"}


def printed(result: dict[str, object]) -> str:
    file = io.StringIO()
    print_table(result | ABOUT, Console(file=file, width=160))
    return file.getvalue()


def test_accuracy_lost_is_in_points_and_what_was_never_found_is_a_dash() -> None:
    found = {
        "accuracy_lost": SPREAD,
        "measurements": {**SPREAD, "max": 10.0},
        "warned": 0.25,
        "infeasible": 1,
        "trials": 4,
    }
    none = found | {"accuracy_lost": NOTHING, "measurements": NOTHING, "infeasible": 4}
    text = printed({"proxy": {"matched proxy": found, "random proxy": none}})
    assert "1.00" in text
    assert "25%" in text
    assert "1 of 4" in text
    assert "-" in next(line for line in text.splitlines() if "random proxy" in line)


def test_regret_is_a_share_beside_the_nearest_boards() -> None:
    text = printed({"learnt": LEARNT, "learnt_by_weight": {"0.1": LEARNT}})
    assert "λ = 0.1" in text
    assert "5.0%" in text
    assert "10.0 ms" in text
    assert "2 boards held out in turn, 256 designs of t.npz, seeds: 3. Kind: as judged." in text
