"""Which cells a model is fitted on and which it is judged on."""

from __future__ import annotations

import numpy as np

from codesign.predict.clocks.clock_cells import EMC, ClockCells
from runtime.contract.arrays import BoolArray

FEWEST = 2  # one to fit, one to judge


def training_cells(cells: ClockCells, fraction: float, rng: np.random.Generator) -> BoolArray:
    """(cells,): True for those to fit on, drawn at random at each EMC clock, so that every one is seen.

    At least one cell is fitted on and at least one held out, of each EMC clock too. EMC clocks with a single cell are
    drawn among; if there is but one such, it is fitted on. Needs at least FEWEST cells.
    """
    strata = [np.arange(len(cells))]
    if EMC in cells.columns:
        of_clock = [np.flatnonzero(cells.columns[EMC] == hz) for hz in np.unique(cells.columns[EMC])]
        strata = [stratum for stratum in of_clock if len(stratum) >= FEWEST]
        if alone := [stratum for stratum in of_clock if len(stratum) < FEWEST]:
            strata.append(np.concatenate(alone))
    chosen = np.zeros(len(cells), dtype=np.bool_)
    for stratum in strata:
        count = max(1, min(round(fraction * len(stratum)), len(stratum) - 1))
        chosen[rng.permutation(stratum)[:count]] = True
    return chosen
