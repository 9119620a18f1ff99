"""Bayesian optimisation: evaluate next what is expected to improve most on the best design so far.

Several objectives become one by weights drawn anew for each proposal, as in ParEGO (Knowles, IEEE Transactions on
Evolutionary Computation 10(1), 2006, equation 2), so that proposals spread over the front. Constraints are learnt from
the designs that broke them: improvement is multiplied by the probability that a design breaks none (Gardner et al.,
"Bayesian optimization with inequality constraints", ICML 2014).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from runtime.contract.arrays import FloatArray, IntArray

from .bayesian_belief import Processes, belief, belief_while, tuning_set
from .bayesian_candidates import Allowed, candidates
from .bayesian_improvement import log_expected_improvement, log_probability_below
from .protocol import Options
from .record import Record
from .search_space import SearchSpace

FEWEST, MOST = 5, 20  # designs drawn at random before anything is learnt: as many as there are genes, within these
PARENTS = 4  # best designs whose neighbours are weighed
SHORTLIST = 50  # designs that are weighed again in the light of those still being evaluated
RHO = 0.05  # ParEGO's share of the plain weighted sum, which tells weakly dominated designs from others


class Bayesian:
    """Expected improvement times the probability of breaking no constraint."""

    def __init__(
        self,
        space: SearchSpace,
        objectives: int,
        seed: int,
        allowed: Allowed | None = None,
        starts: IntArray | None = None,
    ) -> None:
        """A strategy that proposes only what is `allowed`; `starts`, (n, genes), are designs known to be."""
        self.record = Record(space, objectives, seed)
        self._starts = np.zeros((0, space.genes), dtype=np.int64) if starts is None else starts
        self._allowed = allowed
        self._initial = min(max(FEWEST, space.genes), MOST)
        self._processes = Processes(space.gene_sizes)

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record = self.record
        asked: list[IntArray] = [np.zeros((0, record.space.genes), dtype=np.int64)]
        for _ in range(count):
            design = self._next()
            if not len(design):
                break
            asked.append(record.ask(design))
        return np.concatenate(asked)

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _next(self) -> IntArray:
        """(1, genes), or (0, genes) where there is none left."""
        record, rng = self.record, self.record.generator()
        known = np.isfinite(record.values).all(axis=1)
        if len(record) + record.asked < self._initial or not known.any():
            drawn = candidates(record.space, rng, record.taken, self._starts, self._allowed)
            return drawn[rng.permutation(len(drawn))[:1]]
        designs, feasible = record.genomes[known], record.feasible[known]
        first, what, values, weights = (
            tuning_set(len(designs)),
            "worth",
            record.values[known],
            record.objectives * [1.0],
        )
        if not feasible.any():  # to break the constraints less is then the objective
            what, values, weights = "violations", record.violations[known, None], [1.0]
        worth = _as_one(_evened(values), rng.dirichlet(weights))
        # Of the first ones alone, else what is tuned would depend on when it was.
        tunes = _as_one(_evened(values[:first]), np.full(len(weights), 1.0 / len(weights)))
        ranked = np.where(feasible | (not feasible.any()), worth, np.inf)
        parents = np.concatenate([designs[np.argsort(ranked, kind="stable")[:PARENTS]], self._starts])
        pool = candidates(record.space, rng, record.taken, parents, self._allowed)
        if not len(pool):
            return pool
        gains = np.zeros(len(pool))
        if feasible.any() and not feasible.all():  # -1: breaks no constraint; 1: breaks one
            label = np.where(feasible, -1.0, 1.0)
            breaks = self._processes.of("constraints", designs, label, label[:first])
            gains += log_probability_below(belief(breaks, pool), 0.0)
        process, best = self._processes.of(what, designs, worth, tunes), float(ranked.min())
        improves = log_expected_improvement(belief(process, pool), best)
        if len(pending := pending_designs(record)):
            short = np.argsort(-(gains + improves), kind="stable")[:SHORTLIST]
            pool, gains = pool[short], gains[short]
            improves = log_expected_improvement(belief_while(process, pool, pending), best)
        at = int((gains + improves).argmax())
        return pool[at : at + 1]


def bayesian(space: SearchSpace, objectives: int, seed: int, options: Options) -> Bayesian:  # noqa: ARG001
    """The factory of strategy `bayesian`."""
    return Bayesian(space, objectives, seed)


def _evened(values: FloatArray) -> FloatArray:
    """(n, objectives): each objective by its ranks, as quantiles of the normal distribution.

    Costs of networks have long tails, and a network that cannot learn is as bad as any other; both would set the scale
    of a process that is asked about the best few. Minimising ranks is minimising what they rank.
    """
    ranks = rankdata(values, axis=0)
    evened: FloatArray = norm.ppf((ranks - 0.5) / len(values))
    return evened


def _as_one(values: FloatArray, weights: FloatArray) -> FloatArray:
    """(n,): ParEGO's augmented Chebyshev sum of (n, objectives); one objective is left as it is."""
    if values.shape[1] == 1:
        return values[:, 0]
    lowest, highest = values.min(axis=0), values.max(axis=0)
    share = weights * (values - lowest) / np.where(highest > lowest, highest - lowest, 1.0)
    summed: FloatArray = share.max(axis=1) + RHO * share.sum(axis=1)
    return summed


def pending_designs(record: Record) -> IntArray:
    """(n, genes): designs asked for and not told, in an order that does not depend on how a set is walked."""
    waiting = sorted(key for key in record.taken if record.row(key) is None)
    return np.frombuffer(b"".join(waiting), dtype=np.int64).reshape(len(waiting), record.space.genes)
