"""Whether two boards put designs in the same order, and which known board does so best."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from runtime.contract.arrays import FloatArray

ENOUGH = 0.9  # below this Spearman correlation a proxy is not trusted
FEWEST = 3  # an order of two designs says nothing


def rank_correlation(left: FloatArray, right: FloatArray) -> float | None:
    """Spearman's, of costs of the same designs, (n,); None for fewer than three or costs that do not differ."""
    if len(left) < FEWEST:
        return None
    return _correlation(rankdata(left), rankdata(right))


def best_proxy(proxies: FloatArray, target: FloatArray) -> int:
    """Which known board ranks like the target.

    Few measurements give many equal rank correlations; among those the correlation of log costs decides.

    Args:
        proxies: (boards, costs, measured), what each known board's predictor says about the measured designs.
        target: (costs, measured).
    """
    scores = []
    for proxy in proxies:
        ranks = [_correlation(rankdata(a), rankdata(b)) or 0.0 for a, b in zip(proxy, target, strict=True)]
        logs = [_correlation(np.log(a), np.log(b)) or 0.0 for a, b in zip(proxy, target, strict=True)]
        scores.append((round(min(ranks), 9), min(logs)))
    return max(range(len(scores)), key=lambda board: scores[board])


def _correlation(left: FloatArray, right: FloatArray) -> float | None:
    left, right = left - left.mean(), right - right.mean()
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float(left @ right) / size if size > 0 else None
