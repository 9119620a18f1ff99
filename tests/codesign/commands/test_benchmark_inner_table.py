"""codesign/commands/benchmark_inner_table.py"""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from codesign.commands.benchmark_inner_table import print_inner


def engine(reached: list[int | None]) -> dict[str, Any]:
    return {
        "hypervolume_share": [0.97, 0.99],
        "evaluations_to_95": reached,
        "igd_plus": [0.01, 0.02],
        "coverage": [0.2, 0.4],
        "rod_exact_over_found": [0.5, 0.7],
        "seconds": [0.4, 0.6],
    }


def test_each_engine_has_a_row_beside_the_exact_front() -> None:
    out = io.StringIO()
    result = {
        "backbone": "b[1]",
        "board": "tx2",
        "device": "gpu",
        "early_exits": 7,
        "threshold_levels": 24,
        "operating_points": 1716,
        "exact_seconds": 0.031,
        "exact_front_points": 11,
        "evaluations_allowed": 3500,
        "seeds": [0, 1],
        "reference_point": [0.65, 0.0064],
        "kind": "simulated",
        "strategies": {"nsga2": engine([500, 700]), "random": engine([None, 900])},
    }
    print_inner(result, Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    assert "b[1] on tx2 gpu: 7 exits × 24 levels × 1,716 operating points" in lines[0]
    (nsga2,) = [line for line in lines if "NSGA-II" in line]
    assert nsga2.split()[1:] == ["98.00±1.41", "%", "97.00", "%", "600", "0.0150", "30%", "60%", "0.50"]
    (drawn,) = [line for line in lines if line.strip().startswith("random")]
    assert "900 (1 of 2)" in drawn
    assert any("6.4 mJ" in line for line in lines)


def test_a_share_that_no_seed_reached_says_never() -> None:
    from codesign.commands.benchmark_inner_table import _reached

    assert _reached([None, None]) == "never"
