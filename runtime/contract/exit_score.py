"""How unsure an exit is by the score that a policy asks for, always in nats: 0 is certain, and less is surer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .arrays import FloatArray
from .entropy import entropy_nats
from .errors import ConfigError, ShapeError

ENTROPY, MAX_PROBABILITY, MARGIN = "entropy", "max-probability", "margin"


def surprisal_nats(logits: FloatArray) -> FloatArray:
    """-ln of the largest probability, the min-entropy: orders samples as 1 - max p does, without its rounding near 0.

    Args:
        logits: (batch, classes), unnormalised.
    Returns:
        (batch,) in nats, from 0 to ln(classes); NaN where a logit is not finite.
    Raises:
        ShapeError: logits is not two-dimensional.
    """
    with np.errstate(invalid="ignore"):
        nats: FloatArray = np.log1p(np.exp(_behind(logits)).sum(axis=1))
    return nats


def margin_nats(logits: FloatArray) -> FloatArray:
    """-ln of the lead of the largest probability over the second: infinite where two classes tie.

    Args, Returns, Raises: as for `surprisal_nats`, but without an upper end.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        nats: FloatArray = surprisal_nats(logits) - np.log1p(-np.exp(_behind(logits)[:, -1]))
    return nats


SCORES: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    ENTROPY: entropy_nats,
    MAX_PROBABILITY: surprisal_nats,
    MARGIN: margin_nats,
}


def uncertainty_nats(score: str, logits: FloatArray) -> FloatArray:
    """(batch,) of logits (batch, classes) by one of `SCORES`.

    Raises:
        ConfigError: no such score.
        ShapeError: logits is not two-dimensional.
    """
    return SCORES[known_score(score)](logits)


def known_score(score: str) -> str:
    """The same. Raises ConfigError where there is no such score."""
    if score not in SCORES:
        raise ConfigError(f"unknown exit score {score!r}", to_do=f"use one of {', '.join(SCORES)}")
    return score


def _behind(logits: FloatArray) -> FloatArray:
    """(batch, classes - 1): how far every other class is behind the likeliest, the second last."""
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ShapeError(f"logits must be (batch, two classes or more), got shape {logits.shape}")
    ordered: FloatArray = np.partition(logits, -2, axis=1)
    with np.errstate(invalid="ignore"):
        return ordered[:, :-1] - ordered[:, -1:]
