from __future__ import annotations

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize

from codesign.search.strategies.nsga2 import nsga2_script
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray

SIZES = (6, 6, 6)


def worth(designs: IntArray) -> FloatArray:
    total = designs.sum(axis=1)
    return np.stack([total, (15.0 - total) ** 2 + designs[:, 0]], axis=1).astype(float)


def test_generations_are_those_of_pymoos_own_loop() -> None:
    class Written(Problem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_var=3, n_obj=2, xl=np.zeros(3), xu=np.full(3, 5.0))
            self.met: list[list[list[int]]] = []

        def _evaluate(self, x: FloatArray, out: dict[str, FloatArray], *_: object, **__: object) -> None:
            self.met.append(x.round().astype(int).tolist())
            out["F"] = worth(x.round().astype(int))

    problem = Written()
    variation = {
        "crossover": SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        "mutation": PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    }
    state = np.random.get_state()
    minimize(problem, NSGA2(8, sampling=IntegerRandomSampling(), **variation), ("n_gen", 4), seed=3)
    np.random.set_state(state)
    script = nsga2_script(SearchSpace(SIZES), 2, seed=3, population=8)
    designs = next(script)
    found = [designs.tolist()]
    for _ in range(3):
        designs = script.send((worth(designs), np.zeros(len(designs))))
        found.append(designs.tolist())
    assert found == problem.met


def test_designs_that_fail_or_break_constraints_have_no_offspring_while_there_are_others() -> None:
    script = nsga2_script(SearchSpace((20, 20)), 2, seed=0, population=10)
    designs = next(script)
    for _ in range(15):
        values = np.stack([designs[:, 0], -designs[:, 0]], axis=1).astype(float)
        values[designs[:, 0] > 15] = np.nan
        designs = script.send((values, (designs[:, 1] > 5).astype(float)))
    assert (designs[:, 1] <= 8).mean() > 0.7
    assert (designs[:, 0] <= 16).mean() > 0.7


def test_genes_with_one_value_keep_it_and_a_space_of_one_design_is_wanted_once() -> None:
    designs = next(nsga2_script(SearchSpace((1, 5, 1)), 1, seed=0, population=6))
    assert not designs[:, [0, 2]].any()
    assert [one.tolist() for one in nsga2_script(SearchSpace((1, 1)), 1, 0, 4)] == [[[0, 0]]]
