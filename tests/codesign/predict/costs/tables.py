"""Small cost tables for the tests of predictors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CELL = ("op_1<-0", "op_2<-0", "op_2<-1", "op_3<-0", "op_3<-1", "op_3<-2")
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
BLOCKS = ("k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip")
LAYERS = tuple(f"layer_{layer}" for layer in range(22))
OFA = (
    *(f"kernel_{block}" for block in range(20)),
    *(f"expand_{block}" for block in range(20)),
    *(f"depth_{stage}" for stage in range(5)),
    "resolution",
)


def members(**other: Any) -> dict[str, Any]:
    """The arrays of a sound table of 6 designs on 2 boards; `other` replaces some, and None leaves one out."""
    sound: dict[str, Any] = {
        "genome": np.array([[3, 1], [5, 1], [7, 1], [3, 2], [5, 2], [7, 2]], dtype=np.int8),
        "gene_names": np.array(["kernel_0", "depth_0"]),
        "device_names": np.array(["a", "b"]),
        "latency_s": np.array([[1, 2, 3, 4, 5, 6], [2, 4, np.nan, 8, 10, 12]], dtype=np.float32) / 1000,
    }
    return {name: array for name, array in {**sound, **other}.items() if array is not None}


def write(folder: Path, **other: Any) -> Path:
    """Such a table as a file."""
    path = folder / "table.npz"
    np.savez_compressed(path, **members(**other))
    return path
