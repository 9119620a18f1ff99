"""The spaces whose macro-architecture is published, recognised by the names of their genes and choices."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAS_BENCH_201, FBNET, OFA_MOBILENETV3 = "nas-bench-201", "fbnet", "ofa-mobilenetv3"

CELL_EDGES = tuple((to, source) for to in range(1, 4) for source in range(to))  # NAS-Bench-201, arXiv:2001.00326
CELL_OPERATIONS = frozenset({"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"})

FBNET_LAYERS_OF_STAGES = (1, 4, 4, 4, 4, 4, 1)  # FBNet, arXiv:1812.03443, Table 1
FBNET_BLOCK = re.compile(r"skip|k(\d+)_e(\d+)(?:_g(\d+))?")

OFA_STAGES, OFA_BLOCKS_OF_STAGE = 5, 4  # Once-for-All, arXiv:1908.09791
OFA_GENES = frozenset(
    [f"{feature}_{block}" for feature in ("kernel", "expand") for block in range(OFA_STAGES * OFA_BLOCKS_OF_STAGE)]
    + [f"depth_{stage}" for stage in range(OFA_STAGES)]
)
RESOLUTION = "resolution"


def known_space(names: Sequence[str], choices: Sequence[str]) -> str | None:
    """Which published space these genes describe; None where it is none of them."""
    if choices:
        if set(names) == {f"op_{to}<-{source}" for to, source in CELL_EDGES} and set(choices) <= CELL_OPERATIONS:
            return NAS_BENCH_201
        layers = {f"layer_{layer}" for layer in range(sum(FBNET_LAYERS_OF_STAGES))}
        if set(names) == layers and all(FBNET_BLOCK.fullmatch(choice) for choice in choices):
            return FBNET
        return None
    return OFA_MOBILENETV3 if set(names) - {RESOLUTION} == OFA_GENES else None


def fbnet_stage(layer: int) -> int:
    """The stage that one of FBNet's 22 layers lies in."""
    ends = [sum(FBNET_LAYERS_OF_STAGES[: stage + 1]) for stage in range(len(FBNET_LAYERS_OF_STAGES))]
    return next(stage for stage, end in enumerate(ends) if layer < end)
