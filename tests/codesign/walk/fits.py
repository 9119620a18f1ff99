"""Settings of small fits on a simulated board, for tests."""

from __future__ import annotations

from dataclasses import replace

from codesign.predict.fitting.rules import LoopRules
from codesign.walk.fit_models import FitModel
from codesign.walk.fit_step import FitSettings
from tests.codesign.chains import LeastSquares

RULES = LoopRules(
    initial=20, extra=10, bins=3, bin_accuracy=0.9, max_measurements=60, test_per_bin=5, batch=10, references=2
)
MODEL = FitModel("line", "genes", lambda _genes: LeastSquares())

SPACE_FILE = """[space]
name = "small"
block = "bottleneck"
side = 8
stem_width = 6
stem_stride = 1
blocks = [1, 3]
kernels = [3, 5]
expansions = [3, 6]
kernel_per_unit = false
classes = 4

[[units]]
width = 6
stride = 1

[[units]]
width = 8
stride = 2
"""


def simulated(space: str, **changes: object) -> FitSettings:
    """A fit on a simulated board."""
    return replace(FitSettings(space, MODEL, RULES, board="orin-nano"), **changes)  # type: ignore[arg-type]
