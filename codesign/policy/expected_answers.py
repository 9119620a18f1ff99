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


def expected_answers(log: ExitLog, mask: int, policy: ExitPolicy, unseen: ExitLog | None = None) -> ExpectedAnswers:
    """Shares of all images by exit and range of entropy there; ranges are quantiles of the images that leave there.

    How often answers of a range are wrong is counted, with half a fault and half a right answer added: a range without
    a fault among its few dozen images is not one without faults.

    Args:
        unseen: the same of images that chose nothing, counted in: what is known of more images is known better.
    Raises:
        ShapeError, ConfigError: as `replay` does.
    """
    kept = selected_candidates(mask, log.candidates)
    logs = [log] if unseen is None else [log, unseen]
    taken = np.concatenate([replay(each, mask, policy).exits_taken for each in logs])
    images = taken.size
    candidates, rows = kept[taken], np.concatenate([np.arange(each.samples) for each in logs])
    first = np.arange(images) < log.samples
    entropy_nats, wrong = np.empty(images), np.empty(images, dtype=bool)
    for each, here in zip(logs, (first, ~first), strict=False):
        entropy_nats[here] = each.entropy_nats[candidates[here], rows[here]]
        wrong[here] = ~each.correct[candidates[here], rows[here]]
    edges: list[tuple[float, ...]] = []
    shares: list[tuple[float, ...]] = []
    faults: list[tuple[float, ...]] = []
    for stage in range(kept.size):
        here = entropy_nats[taken == stage]
        ranges = max(1, min(RANGES, len(here) // LEAST))
        inner = np.unique(np.quantile(here, np.arange(1, ranges) / ranges)) if ranges > 1 else np.zeros(0)
        cells = np.searchsorted(inner, here, side="left")
        counts = np.bincount(cells, minlength=len(inner) + 1)
        counted = np.bincount(cells, weights=wrong[taken == stage], minlength=len(inner) + 1)
        edges.append(tuple(map(float, inner)))
        shares.append(tuple((counts / images).tolist()))
        faults.append(tuple(((counted + 0.5) / (counts + 1.0)).tolist()))
    return ExpectedAnswers(tuple(edges), tuple(shares), images, tuple(faults))
