"""How much accuracy the search by proxy loses on a board held out, against the exhaustive optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.errors import InfeasibleError

from .judged_table import JudgedTable
from .proxy_search import Candidates, search_by_proxy

LIMITS = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles of the new board's latencies
VARIANTS = ("random proxy, Algorithm 1", "random proxy", "matched proxy, Algorithm 1", "matched proxy")


@dataclass(frozen=True, slots=True)
class ProxyTrial:
    """One search under one limit on a board held out."""

    variant: str
    board: str
    limit_quantile: float
    seed: int
    accuracy_lost: float | None  # against the most accurate design in the table that keeps the limit; None: none found
    measurements: int | None
    monotonicity: float | None  # of what was measured
    warned: bool
    own_predictor: bool


def proxy_trials(table: JudgedTable, board: int, seed: int) -> list[ProxyTrial]:
    """Algorithm 1 and its extensions on one board of `usable_designs`, with the others as proxies."""
    rng = np.random.default_rng((seed, board, 1))
    others = table.others(board)
    random_proxy = [int(rng.choice(others))]
    latency_s, found = table.latency_s[board], []
    for variant in VARIANTS:
        pool = random_proxy if variant.startswith("random") else others
        candidates = Candidates(table.designs, table.accuracy, table.latency_s[pool][:, None])
        for quantile in LIMITS:
            limit_s = float(np.quantile(latency_s, quantile))
            optimum = float(table.accuracy[latency_s <= limit_s].max())
            try:
                one = search_by_proxy(
                    candidates,
                    lambda design: latency_s[design : design + 1],
                    np.array([limit_s]),
                    rng,
                    beyond_weighted_sums="Algorithm 1" not in variant,
                )
            except InfeasibleError:
                found.append(
                    ProxyTrial(variant, table.device_names[board], quantile, seed, None, None, None, False, False)
                )
                continue
            found.append(
                ProxyTrial(
                    variant, table.device_names[board], quantile, seed, optimum - one.accuracy, one.measurements,
                    one.monotonicity, one.warning is not None, one.own_predictor,
                )
            )  # fmt: skip
    return found
