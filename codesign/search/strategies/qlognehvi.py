"""qLogNEHVI by BoTorch (extra `bayes`): what is expected to add most dominated volume, evaluations being noisy.

Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization", NeurIPS 2023,
arXiv:2310.20708, section 5, after Daulton et al., arXiv:2105.08195. The models, one for each objective on the one-hot
genome, their fit, the acquisition function and its greedy batches are BoTorch's; candidates are a list, since designs
are. (BoTorch's kernel for categorical inputs compares designs gene by gene, which is much slower.)

This is the one file before `backbones` that reaches torch, when a design is asked for and not before.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesign.search.pareto import dominated_by
from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .bayesian import pending_designs
from .bayesian_candidates import candidates
from .gradient_surrogate import one_hot
from .protocol import Options
from .record import Record
from .search_space import SearchSpace

if TYPE_CHECKING:
    from torch import Tensor

FEWEST, MOST = 10, 30  # random designs at first: two for each gene, within these
CANDIDATES = 300  # designs weighed for a batch
PARENTS = 8  # of the front, whose neighbours are weighed
SAMPLES = 64  # of the models, quasi-random
FIT_STEPS = 50


@dataclass(frozen=True, slots=True)
class Told:
    """What the models are fitted to."""

    designs: IntArray  # (n, genes)
    values: FloatArray  # (n, objectives), minimised
    feasible: BoolArray  # (n,)
    gene_sizes: tuple[int, ...]


class QLogNehvi:
    """A strategy whose models and acquisition function are BoTorch's."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int) -> None:
        """See `qlognehvi`."""
        self.record = Record(space, objectives, seed)
        self._initial = min(max(FEWEST, 2 * space.genes), MOST)

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record, rng = self.record, self.record.generator()
        known = np.isfinite(record.values).all(axis=1)
        if len(record) + record.asked < self._initial or not record.feasible.any():
            return record.ask(record.space.fresh(rng, count, record.taken))
        told = Told(record.genomes[known], record.values[known], record.feasible[known], record.space.gene_sizes)
        front = told.values[told.feasible]
        best = told.designs[told.feasible][~dominated_by(front, front)]
        parents = best[rng.permutation(len(best))[:PARENTS]]
        pool = candidates(record.space, rng, record.taken, parents, most=CANDIDATES)
        if not len(pool):
            return pool
        rows = chosen(told, pool, pending_designs(record), min(count, len(pool)), int(rng.integers(2**31)))
        return record.ask(pool[rows])

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)


def chosen(told: Told, pool: IntArray, pending: IntArray, count: int, seed: int) -> IntArray:
    """(count,): rows of the pool that BoTorch would evaluate next, given those still pending.

    Torch's own generator is left as it was.
    """
    import torch
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
    from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
    from botorch.models.model_list_gp_regression import ModelListGP
    from botorch.optim.optimize import optimize_acqf_discrete
    from botorch.sampling.normal import SobolQMCNormalSampler

    def inputs(designs: IntArray) -> Tensor:
        return torch.as_tensor(one_hot(designs, told.gene_sizes), dtype=torch.double)

    spread = told.values.std(axis=0)
    good = -(told.values - told.values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)  # BoTorch maximises
    columns = list(good.T)
    constraints: list[Callable[[Tensor], Tensor]] | None = None
    if not told.feasible.all():  # one more model, of -1 for a design that breaks no constraint, and 1
        columns.append(np.where(told.feasible, -1.0, 1.0))
        constraints = [lambda outcomes: outcomes[..., -1]]  # kept where negative
    # BoTorch warns of what it mends itself (jitter added, a fit that stopped early); nothing here could do more.
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        choices = inputs(pool)
        model = ModelListGP(*[_fitted(inputs(told.designs), torch.as_tensor(column[:, None])) for column in columns])
        acquisition = qLogNoisyExpectedHypervolumeImprovement(
            model=model,
            ref_point=good.min(axis=0).tolist(),
            X_baseline=inputs(told.designs[told.feasible]),
            sampler=SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
            objective=IdentityMCMultiOutputObjective(outcomes=list(range(good.shape[1]))),
            constraints=constraints,
            X_pending=inputs(pending) if len(pending) else None,
            prune_baseline=True,
        )
        best, _ = optimize_acqf_discrete(acquisition, q=count, choices=choices, unique=True)
    found: IntArray = (best[:, None, :] == choices[None]).all(dim=2).int().argmax(dim=1).numpy().astype(np.int64)
    return found


def _fitted(inputs: Tensor, values: Tensor) -> Any:
    """BoTorch's process, its scales of the greatest marginal likelihood under BoTorch's priors."""
    from botorch.fit import fit_gpytorch_mll
    from botorch.models.gp_regression import SingleTaskGP
    from gpytorch.mlls import ExactMarginalLogLikelihood

    model = SingleTaskGP(inputs, values)
    likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
    fit_gpytorch_mll(likelihood, optimizer_kwargs={"options": {"maxiter": FIT_STEPS}})
    return model


def qlognehvi(space: SearchSpace, objectives: int, seed: int, options: Options) -> QLogNehvi:  # noqa: ARG001
    """The factory of strategy `qlognehvi`."""
    return QLogNehvi(space, objectives, seed)
