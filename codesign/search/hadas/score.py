"""HADAS's scalar score of a dynamic design, Eq. (5)-(7), as printed and in the gain form, and its exact maximum.

    score_i = N_i * energy_i * latency_i * dissim_i^gamma        dissim_i = 1 - max(N of the kept exits before i)

Printed, energy_i is E_i/E_b and latency_i is L_i/L_b, and the mean over kept exits is *maximised*: that rewards what is
dear. The gain form takes E_b/E_i and L_b/L_i instead (not 1 - E_i/E_b: two losses would multiply to a gain). Either
way a mean never exceeds its largest term and dissim is at most 1, so a single exit is always among the best designs.
The score is here for comparison; nothing is optimised for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, ShapeError

from .dynamics import Dynamics

ScoreForm = Literal["printed", "gain"]


@dataclass(frozen=True, slots=True)
class ExitTerms:
    """What Eq. (6) needs of the m candidate exits of one backbone at F operating points."""

    right_shares: FloatArray  # (m,): N_i
    worth: FloatArray  # (m, F): N_i times the energy and the latency factor, dissimilarity aside

    def __post_init__(self) -> None:
        if self.right_shares.ndim != 1 or self.worth.ndim != 2 or len(self.worth) != self.right_shares.size:
            raise ShapeError(f"worth must be ({self.right_shares.size} exits, points), got {self.worth.shape}")


@dataclass(frozen=True, slots=True)
class BestScore:
    """The best design of so many exits."""

    exits: int
    score: float
    mask: int
    point: int


def exit_terms(dynamics: Dynamics, form: ScoreForm) -> ExitTerms:
    """Energy and latency of exit i are those of running up to it with its own head, at the given clocks.

    Raises:
        ConfigError: another form than the two.
    """
    if form not in ("printed", "gain"):
        raise ConfigError(f"unknown form {form!r} of the score; use printed or gain")
    energy = dynamics.energy_prices_j[: dynamics.exits] / dynamics.static_energy_j
    latency = dynamics.latency_prices_s[: dynamics.exits] / dynamics.static_latency_s
    factors = energy * latency if form == "printed" else 1.0 / (energy * latency)
    return ExitTerms(dynamics.right_shares, dynamics.right_shares[:, None] * factors)


def dissimilarity(right_shares: FloatArray, mask: IntArray) -> FloatArray:
    """Eq. (7) for every candidate of every mask, (masks, m); before the first kept exit nothing is classified yet."""
    kept = (mask[:, None] >> np.arange(right_shares.size)) & 1
    best_up_to = np.maximum.accumulate(kept * right_shares, axis=1)
    return 1.0 - np.concatenate([np.zeros((len(mask), 1)), best_up_to[:, :-1]], axis=1)


def hadas_score(terms: ExitTerms, mask: IntArray, point: IntArray, gamma: float) -> FloatArray:
    """Eq. (5), (designs,); 0 where no exit is kept.

    Raises:
        ConfigError: gamma is below 0.
    """
    _check(gamma)
    kept = (mask[:, None] >> np.arange(terms.right_shares.size)) & 1
    scores = kept * terms.worth[:, point].T * dissimilarity(terms.right_shares, mask) ** gamma
    mean: FloatArray = scores.sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    return mean


def best_scores(terms: ExitTerms, gamma: float) -> list[BestScore]:
    """For each number of exits, from 1 to m, the mask and operating point that maximise Eq. (5), exactly.

    Dynamic programme over (exits kept, largest N so far): what is kept later depends on what was kept earlier through
    these two alone. m^3 states and steps for all operating points at once.

    Raises:
        ConfigError: gamma is below 0.
    """
    _check(gamma)
    totals = _totals(terms, gamma)[-1].max(axis=1)  # (counts, F)
    best = []
    for exits in range(1, terms.right_shares.size + 1):
        point = int(totals[exits].argmax())
        one = ExitTerms(terms.right_shares, terms.worth[:, [point]])
        best.append(BestScore(exits, float(totals[exits, point] / exits), _traced(one, gamma, exits), point))
    return best


def _totals(terms: ExitTerms, gamma: float, *, every_step: bool = False) -> list[FloatArray]:
    """Largest sum of scores by (exits kept, rank of the largest N so far, point) after the last exit, or every one."""
    exits, points = terms.worth.shape
    levels, rank = np.unique(np.append(0.0, terms.right_shares), return_inverse=True)
    rank = rank[1:]
    discount = (1.0 - levels) ** gamma
    total = np.full((exits + 1, levels.size, points), -np.inf)
    total[0, 0] = 0.0
    steps = [total.copy()] if every_step else [total]
    for exit_index in range(exits):
        # Counts beyond the exits seen are unreachable, so only those below are taken further.
        before = total[: exit_index + 1]
        kept = before + discount[:, None] * terms.worth[exit_index]
        own = int(rank[exit_index])
        low = kept[:, : own + 1].max(axis=1)  # those whose largest N becomes this exit's
        higher = kept[:, own + 1 :]
        total[1 : exit_index + 2, own] = np.maximum(total[1 : exit_index + 2, own], low)
        total[1 : exit_index + 2, own + 1 :] = np.maximum(total[1 : exit_index + 2, own + 1 :], higher)
        if every_step:
            steps.append(total.copy())
    return steps if every_step else [total]


def _traced(terms: ExitTerms, gamma: float, exits: int) -> int:
    """The mask behind the largest sum of so many exits, for terms of one operating point."""
    steps = _totals(terms, gamma, every_step=True)
    levels, rank = np.unique(np.append(0.0, terms.right_shares), return_inverse=True)
    discount, rank = (1.0 - levels) ** gamma, rank[1:]
    state, mask = int(steps[-1][exits, :, 0].argmax()), 0
    for exit_index in range(terms.right_shares.size - 1, -1, -1):
        before, here = steps[exit_index][:, :, 0], steps[exit_index + 1][exits, state, 0]
        if exits <= exit_index and before[exits, state] == here:
            continue
        mask |= 1 << exit_index
        kept = before[exits - 1] + discount * terms.worth[exit_index, 0]
        own = int(rank[exit_index])
        state = int(kept[: own + 1].argmax()) if state == own else state
        exits -= 1
    return mask


def _check(gamma: float) -> None:
    if not gamma >= 0:
        raise ConfigError(f"gamma must be 0 (no dissimilarity) or above, got {gamma}")
