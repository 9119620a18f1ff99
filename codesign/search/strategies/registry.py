"""Strategies by name: each imported when it is asked for, since some need an extra that may not be installed."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import cast

from runtime.contract.errors import ConfigError

from .protocol import Factory, Options, Strategy
from .search_space import SearchSpace


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a strategy is: a factory `make` (see protocol.Factory) in a module, which may need packages of an extra."""

    module: str
    make: str
    says: str  # what it does, in a few words, for help texts
    objectives: tuple[int, int] = (1, 3)  # the fewest and the most it can be told
    package: str = ""  # that the extra brings: "BoTorch"
    imported: tuple[str, ...] = ()  # the names under which it and what it needs are imported
    extra: str = ""  # of edge-codesign: "bayes"


HERE = "codesign.search.strategies"
STRATEGIES: dict[str, Entry] = {
    "house": Entry(f"{HERE}.house", "house", "a Gaussian process per objective, expected hypervolume improvement"),
    "random": Entry(f"{HERE}.random_search", "random_search", "designs drawn evenly"),
    "nsga2": Entry(f"{HERE}.nsga2", "nsga2", "NSGA-II (Deb et al., 2002), integer SBX and polynomial mutation"),
    "regularised-evolution": Entry(
        f"{HERE}.regularised_evolution", "regularised_evolution", "the oldest die (Real et al., 2019)"
    ),
    "local-search": Entry(f"{HERE}.local_search", "pareto_local_search", "neighbours of a front (White et al., 2021)"),
    "local-search-scalarised": Entry(
        f"{HERE}.local_search",
        "scalarised_local_search",
        "neighbours of one design, objectives weighed anew each climb",
    ),
    "ofa-evolution": Entry(
        f"{HERE}.ofa_evolution", "ofa_evolution", "evolution within a hard limit (Cai et al., 2020)", objectives=(1, 2)
    ),
    "mnasnet": Entry(
        f"{HERE}.mnasnet", "mnasnet", "the reward accuracy · (cost / T)^w (Tan et al., 2019)", objectives=(2, 2)
    ),
    "bayesian": Entry(f"{HERE}.bayesian", "bayesian", "expected improvement, constraints learnt"),
    "hw-ieci": Entry(
        f"{HERE}.hw_ieci", "hw_ieci", "expected improvement within known budgets (Stamoulis et al., 2018)"
    ),
    "qlognehvi": Entry(
        f"{HERE}.qlognehvi",
        "qlognehvi",
        "BoTorch's qLogNEHVI (Ament et al., 2023)",
        objectives=(2, 3),
        package="BoTorch",
        imported=("botorch",),
        extra="bayes",
    ),
    "reinforce": Entry(
        f"{HERE}.reinforce", "reinforce", "REINFORCE over genes, with mnasnet's reward", objectives=(1, 2)
    ),
    "gradient": Entry(f"{HERE}.gradient", "gradient", "Gumbel-softmax descent of expected error and cost, both learnt"),
    "tinynas": Entry(f"{HERE}.tinynas", "tinynas", "the space narrowed by random designs first (Lin et al., 2020)"),
    "training-free": Entry(f"{HERE}.training_free", "training_free", "another strategy among designs a score likes"),
}


def make_strategy(
    name: str, space: SearchSpace, objectives: int, seed: int, options: Options | None = None
) -> Strategy:
    """A strategy by its name.

    Args:
        objectives: how many each design is judged by; all minimised.
    Raises:
        ConfigError: no such strategy, an extra that is not installed, options or a number of objectives that the
            strategy cannot work with.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"no strategy {name!r}", to_do=f"choose one of {', '.join(sorted(STRATEGIES))}")
    entry = STRATEGIES[name]
    fewest, most = entry.objectives
    if not fewest <= objectives <= most:
        takes = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise ConfigError(
            f"strategy {name} takes {takes} objectives, got {objectives}",
            to_do="choose other objectives or another strategy",
        )
    for module in entry.imported:
        _import(module, name, entry)
    factory = cast("Factory", getattr(importlib.import_module(entry.module), entry.make))
    return factory(space, objectives, seed, Options() if options is None else options)


def _import(module: str, strategy: str, entry: Entry) -> None:
    try:
        with warnings.catch_warnings():  # what a package says of its own needs is nothing a user here can mend
            warnings.simplefilter("ignore")
            importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"strategy {strategy} needs {entry.package}", to_do=f"pip install 'edge-codesign[{entry.extra}]'"
        ) from error
