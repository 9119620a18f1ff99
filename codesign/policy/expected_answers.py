"""What a board should see of a policy: exits and entropies of the split that chose it, in ranges it can count."""

from __future__ import annotations

import numpy as np

from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.expected_answers import ExpectedAnswers

from .exit_log import ExitLog
from .replay import replay
from .selection import selected_candidates

RANGES = 4  # of entropies within one exit
LEAST = 25  # images in a range: fewer say little about a share


def expected_answers(log: ExitLog, mask: int, policy: ExitPolicy) -> ExpectedAnswers:
    """Shares of all images by exit and range of entropy there; ranges are quantiles of the images that leave there.

    Raises:
        ShapeError, ConfigError: as `replay` does.
    """
    taken = replay(log, mask, policy).exits_taken
    kept = selected_candidates(mask, log.candidates)
    entropy_nats = log.entropy_nats[kept[taken], np.arange(log.samples)]
    edges: list[tuple[float, ...]] = []
    shares: list[tuple[float, ...]] = []
    for stage in range(kept.size):
        here = entropy_nats[taken == stage]
        ranges = max(1, min(RANGES, len(here) // LEAST))
        inner = np.unique(np.quantile(here, np.arange(1, ranges) / ranges)) if ranges > 1 else np.zeros(0)
        counts = np.bincount(np.searchsorted(inner, here, side="left"), minlength=len(inner) + 1)
        edges.append(tuple(map(float, inner)))
        shares.append(tuple((counts / log.samples).tolist()))
    return ExpectedAnswers(tuple(edges), tuple(shares), log.samples)
