"""Sequences of policies from cautious to bold, fixed before a certificate is sought."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from runtime.contract.errors import ConfigError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import ENTROPY

from .exit_log import ExitLog
from .levels import threshold_levels
from .selection import policy_of

FINEST_SHARE = 1e-6  # of the largest entropy there is: surer than that, float32 logits say nothing any more
LEAD_IN = 20  # policies more cautious than the strictest level, which may already be too bold on other images


def shared_path(stages: int, classes: int, levels: int = 200, score: str = ENTROPY) -> tuple[ExitPolicy, ...]:
    """One entropy for all exits, in even ratios up to ln(classes), where everybody leaves.

    It looks at no data at all, so it is valid wherever logits are all there is. Raises ConfigError: under two classes.
    """
    if classes < 2 or levels < 2:
        raise ConfigError(f"a path needs at least two classes and two levels, got {classes} and {levels}")
    entropies = math.log(classes) * np.geomspace(FINEST_SHARE, 1.0, levels)
    return tuple(ExitPolicy((float(nats),) * (stages - 1), score) for nats in entropies)


def scaled_path(policy: ExitPolicy, classes: int, levels: int = 120) -> tuple[ExitPolicy, ...]:
    """A policy's own thresholds, all shrunk or stretched together, up to where everybody leaves.

    For a policy whose thresholds were each chosen by themselves: along the path they keep their proportions. Raises
    ConfigError: under two classes or two levels.
    """
    if classes < 2 or levels < 2:
        raise ConfigError(f"a path needs at least two classes and two levels, got {classes} and {levels}")
    thresholds = np.asarray(policy.thresholds_nats)
    open_ones = thresholds[np.isfinite(thresholds) & (thresholds > 0)]
    most = math.log(classes) / float(open_ones.min()) if open_ones.size else 1.0
    scales = np.unique([*np.geomspace(FINEST_SHARE, max(most, 1.0), levels), 1.0])
    return tuple(replace(policy, thresholds_nats=tuple(float(t) for t in thresholds * scale)) for scale in scales)


def selected_path(log: ExitLog, mask: int, levels: int = 100) -> tuple[ExitPolicy, ...]:
    """Thresholds per exit as `threshold_levels` draws them on the `select` split, strict levels first.

    An exit opens as far as leaving there is harmless in a share q of cases; q falls along the path. The path begins
    below q = 1, with the thresholds of that level shrunk: who harmed nobody on `select` may harm somebody elsewhere,
    and a walk whose first step fails certifies nothing.

    Args:
        log: of the split on which thresholds are selected; never of the certifying one.
        mask: the kept early candidates.
    Raises:
        ConfigError: fewer than two levels, or a mask with candidates that the log does not have.
    """
    thresholds = threshold_levels(log, levels, "harmless")[::-1]
    shrunk = [thresholds[0] * share for share in np.geomspace(FINEST_SHARE, 1.0, LEAD_IN, endpoint=False)]
    return tuple(policy_of(mask, row, log.score) for row in (*shrunk, *thresholds))
