"""Answers that count what earlier exits said: each stage adds a share of the answer before to its own.

Two networks that were trained apart err on different images, and so, less so, do two exits of one. What the stages
before a sample's exit answered has been paid for; adding it costs one multiplication per class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError
from runtime.contract.exit_score import ENTROPY, uncertainty_nats

from .exit_log import ExitLog
from .selection import selected_candidates


@dataclass(frozen=True, slots=True)
class Averaging:
    """How much each stage adds of the answer before, and whether the last one does.

    The last stage by itself is the full network: where it averages, accuracy at full depth changes (mostly upwards),
    and with it some answers that the full network had right.
    """

    weight: float = 0.0
    at_the_end: bool = False


NONE = Averaging()


def averaged_log(
    logits: FloatArray, labels: IntArray, mask: int, averaging: Averaging, score: str = ENTROPY
) -> ExitLog:
    """The log of a design whose stages add `weight` times what the stage before them answered.

    With ln p_k the log-probabilities of stage k alone, its answer is a_k = ln p_k + weight · a_(k-1), and how unsure
    it is goes by softmax(a_k). Candidates that the mask does not keep are as they were.

    Args:
        logits: (candidates, samples, classes), of each candidate alone.
        labels: (samples,).
        mask: the kept early candidates.
        averaging: `NONE` for each stage by itself.
        score: how unsure an answer is, one of `contract.exit_score`.
    Raises:
        ShapeError: logits of another rank.
        ConfigError: the mask names candidates that are not there.
    """
    if logits.ndim != 3:
        raise ShapeError(f"logits must be (candidates, samples, classes), got shape {logits.shape}")
    kept = selected_candidates(mask, len(logits))
    answers = logits.copy()
    answers[kept] = averaged_logits(logits[kept], averaging)
    unsure = np.stack([uncertainty_nats(score, answer) for answer in answers])
    return ExitLog(unsure, answers.argmax(axis=2), labels, logits[-1].argmax(axis=1), score=score)


def averaged_logits(logits: FloatArray, averaging: Averaging) -> FloatArray:
    """Answers (stages, samples, classes) of stages that have these logits by themselves."""
    if averaging.weight == 0.0 or len(logits) < 2:
        return logits
    answers: FloatArray = log_softmax(logits, axis=2)
    last = len(answers) - 1
    for stage in range(1, len(answers)):
        answers[stage] += averaging.weight * answers[stage - 1]
    if not averaging.at_the_end:
        answers[last] = logits[last]
    return answers
