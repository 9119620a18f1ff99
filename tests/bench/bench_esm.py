"""How many measurements balanced and random sampling need until every bin passes: `python -m tests.bench.bench_esm`.

ESM's loop (DAC 2025, Fig. 11) is run with both samplings over seeds, on costs measured on a machine's CPU (a pool that
`tests.bench.esm_pool` measured, replayed) and on costs of a simulated board. Random sampling does not depend on the
accuracy asked for, so it is run once a seed to the end; balanced sampling adds most where bins fail, so it is run for
each accuracy. A run that has not passed when its designs are used up counts as more than all of them: the ratio of
medians is then an upper bound. Prints a table; --json writes everything.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Predictor
from codesign.predict.fitting.draws import DesignSource
from codesign.predict.fitting.journal import MemoryJournal, Round
from codesign.predict.fitting.loop import run_loop
from codesign.predict.fitting.measurer import Measurer
from codesign.predict.fitting.rules import BALANCED, RANDOM, LoopRules
from codesign.space.chain_file import load_chain_space
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import ChainSpace
from codesign.walk.fit_networks import ChainNetworks
from codesign.walk.fit_simulated import SimulatedCosts
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import DataError
from tests.bench.esm_mlp import EsmMlp
from tests.bench.esm_pool import PoolCosts, PoolSource

GOAL = 0.25
ACCURACIES = (0.90, 0.93, 0.95, 0.97)
BATCH = 10_000  # one batch a round: nothing drifts here
POOL_SEED = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """A space and where its costs come from."""

    space: ChainSpace
    measurer: Measurer
    source: Callable[[int], DesignSource]  # by seed
    limit: int  # measurements that random sampling may take


class Silent:
    """Looks on and says nothing."""

    def tick(self, done: int, of: int, note: str) -> None:
        """Nothing."""

    def judged(self, done: Round) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


def rounds_of(case: Case, rules: LoopRules, predictor: Predictor) -> tuple[Round, ...]:
    """Rounds until every bin passes, or the designs are used up."""
    journal = MemoryJournal()
    try:
        run_loop(case.source(rules.seed), rules, predictor, case.measurer, journal, Silent())
    except DataError as error:
        if "no more designs" not in error.what:
            raise
    return journal.rounds()


def needed(rounds: Sequence[Round], accuracy: float) -> int | None:
    """Designs measured when every bin first passed; None where that never was."""
    return next((done.measured for done in rounds if all(done.passed(accuracy))), None)


def middle(counts: Sequence[int | None]) -> float | None:
    """The median, where what never passed counts as more than anything; None where that is in the middle."""
    found = median([np.inf if count is None else float(count) for count in counts])
    return float(found) if np.isfinite(found) else None


def compared(
    case: Case, make: Callable[[Genes], Predictor], rules: LoopRules, seeds: Sequence[int]
) -> list[dict[str, Any]]:
    """A row for each accuracy asked for."""
    predictor = make(ChainNetworks(case.space).genes)
    random: dict[int, tuple[Round, ...]] = {}
    for seed in seeds:
        endless = replace(rules, sampling=RANDOM, bin_accuracy=max(ACCURACIES), seed=seed, max_measurements=case.limit)
        random[seed] = rounds_of(case, endless, predictor)
    rows = []
    for accuracy in ACCURACIES:
        balanced = []
        for seed in seeds:
            asked = replace(rules, sampling=BALANCED, bin_accuracy=accuracy, seed=seed, max_measurements=case.limit)
            balanced.append(needed(rounds_of(case, asked, predictor), accuracy))
        of_random = [needed(random[seed], accuracy) for seed in seeds]
        used_up = min(
            (random[seed][-1].measured for seed in seeds if needed(random[seed], accuracy) is None), default=None
        )
        rows.append(row(accuracy, balanced, of_random, used_up))
    return rows


def row(
    accuracy: float, balanced: Sequence[int | None], random: Sequence[int | None], used_up: int | None
) -> dict[str, Any]:
    """Counts of each seed, their medians and the ratio of these; `at_most` where random sampling never got there."""
    of_balanced, of_random = middle(balanced), middle(random)
    ratio, at_most = None, False
    if of_balanced is not None:
        at_most = of_random is None
        ratio = of_balanced / (of_random if of_random is not None else float(used_up or 1))
    return {
        "bin_accuracy": accuracy,
        "balanced": list(balanced),
        "random": list(random),
        "balanced_median": of_balanced,
        "random_median": of_random,
        "random_not_passed_after": used_up,
        "ratio": ratio,
        "ratio_is_upper_bound": at_most,
        "meets_goal": ratio is not None and ratio <= GOAL,
    }


def simulated_case(name: str, board: str, device: str, limit: int) -> Case:
    """Costs of a board's model with 1 % scatter."""
    space = load_chain_space(name)
    costs = SimulatedCosts(ChainNetworks(space), SimulatedBoard(profile(board), device), "latency")
    return Case(space, costs, lambda _seed: ChainSampler(space), limit)


def measured_case(name: str, pool: Path) -> Case:
    """Costs of a pool."""
    space, table = load_chain_space(name), read_cost_table(pool)
    return Case(
        space, PoolCosts(table), lambda seed: PoolSource(space, table.genome, POOL_SEED + seed), len(table.genome)
    )


def model_maker(name: str) -> Callable[[Genes], Predictor]:
    """A model of `codesign fit`, or ESM's MLP as this benchmark fits it."""
    if name == "esm-mlp":
        return EsmMlp
    from codesign.walk.fit_models import fit_model

    return fit_model(name).make


def line(result: dict[str, Any], found: dict[str, Any]) -> str:
    """One row in words."""
    sign = "≤ " if found["ratio_is_upper_bound"] else ""
    ratio = "—" if found["ratio"] is None else f"{sign}{found['ratio']:.2f}"
    random = found["random_median"] or f"> {found['random_not_passed_after']}"
    return (
        f"{result['space']:12} {result['kind']:9} {result['model']:8} {result['bins']} bins "
        f"≥ {found['bin_accuracy']:.0%}: balanced {found['balanced_median']}, random {random}, ratio {ratio}"
    )


def main() -> None:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pool", type=Path, help="an NPZ that tests.bench.esm_pool wrote; without, only simulated costs"
    )
    parser.add_argument("--pool-space", default="resnet")
    parser.add_argument("--simulate", default="mobilenetv3,densenet", help="spaces, with commas; may be empty")
    parser.add_argument("--board", default="tx2")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--models", default="esm-mlp", help="with commas: esm-mlp, or what `codesign fit --model` takes"
    )
    parser.add_argument("--bins", default="5,8")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--initial", type=int, default=50)
    parser.add_argument("--extra", type=int, default=25)
    parser.add_argument("--limit", type=int, default=1000, help="measurements of random sampling on simulated costs")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cases = [] if args.pool is None else [measured_case(args.pool_space, args.pool)]
    cases += [simulated_case(name, args.board, args.device, args.limit) for name in args.simulate.split(",") if name]
    results: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for case in cases:
            for model in args.models.split(","):
                for bins in (int(text) for text in args.bins.split(",")):
                    rules = LoopRules(
                        initial=args.initial, extra=args.extra, bins=bins, batch=BATCH, max_measurements=case.limit
                    )
                    rows = compared(case, model_maker(model), rules, range(args.seeds))
                    result = {
                        "space": case.space.name,
                        "kind": case.measurer.kind.value,
                        "on": case.measurer.hardware,
                        "model": model,
                        "bins": bins,
                        "initial": args.initial,
                        "extra": args.extra,
                        "limit": case.limit,
                        "seeds": args.seeds,
                        "rows": rows,
                    }
                    results.append(result)
                    for found in rows:
                        print(line(result, found), flush=True)
                    if args.json is not None:
                        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
