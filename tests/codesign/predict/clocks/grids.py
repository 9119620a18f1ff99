"""Synthetic cells that the tests of this room share."""

from __future__ import annotations

from itertools import product

import numpy as np

from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells

GPU_HZ = (3e8, 5e8, 7e8, 9e8)
EMC_HZ = (6e8, 2e9, 3e9)


def roofline_cells(
    workload: str = "net", compute: float = 3e6, memory: float = 8e6, sharpness: float = 3.0
) -> ClockCells:
    """12 cells of an exact roofline over GPU and EMC clock, with a constant of 1 ms; weights in cycles."""
    gpu_hz, emc_hz = np.array(list(product(GPU_HZ, EMC_HZ))).T
    roof_s = ((compute / gpu_hz) ** sharpness + (memory / emc_hz) ** sharpness) ** (1.0 / sharpness)
    return ClockCells("board", workload, {GPU: gpu_hz, EMC: emc_hz}, roof_s + 1e-3)


def cpu_cells() -> ClockCells:
    """8 cells of a board without a GPU: cycles over the CPU's clock, with a constant."""
    cpu_hz = np.linspace(4e8, 1.8e9, 8)
    return ClockCells("pi", "net", {CPU: cpu_hz}, 2e7 / cpu_hz + 2e-3)


def relative_errors(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """(cells,)."""
    return np.abs(predicted / measured - 1.0)
