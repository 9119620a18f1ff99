"""codesign/commands/benchmark_cost_models_table.py"""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from codesign.commands.benchmark_cost_models_table import print_laps


def row(method: str, survey: float | None) -> dict[str, Any]:
    figures = {"rmse_s": 2e-4, "rmspe": 0.02, "measurements": 210.0, "search_s": 1500.0, "speedup": 4.5}
    figures |= {"hypervolume": 0.998, "speedup_std": 0.1, "hypervolume_std": 0.001}
    return {"method": method, **figures, "survey_rmse": survey, "survey_speedup": survey}


def test_each_method_has_a_row_with_what_the_survey_found_beside() -> None:
    out = io.StringIO()
    result = {
        "target": "b",
        "evaluations": 1000,
        "samples": 200,
        "setup_s": 5.0,
        "runs": 150,
        "noise": 0.01,
        "seeds": 3,
        "kind": "simulated",
        "results": [row("house", None), row("mlp", 3.83)],
    }
    print_laps(result, Console(file=out, width=200))
    text = out.getvalue()
    assert "0.200 ms" in text
    assert "4.5 ± 0.1" in text
    assert "3.83 ×" in text
    assert "–" in text
    assert "5 s (assumed) and 150 runs, with 1.0% noise; 3 seeds" in text
