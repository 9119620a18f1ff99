"""The predictors that `codesign fit` can train, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Predictor
from codesign.predict.costs.predictor_file import Maker
from runtime.contract.errors import ConfigError

HOUSE = "house"
BEST, COMPARED = "best", "compared"  # every model there is; House drives the loop
OWN = "own"  # the house model has encodings of its own
PREFERRED = "fcc"  # ESM's


@dataclass(frozen=True, slots=True)
class FitModel:
    """A model with its encoding; `make` gives one for the genes of a space."""

    name: str
    encoding: str
    make: Callable[[Genes], Predictor]


def fit_model(text: str) -> FitModel:
    """Read `best`, `house`, `mlp` or `mlp:fcc`. Raises ConfigError naming what there is."""
    # Imported here: these bring scikit-learn, which takes seconds, and --help should not.
    from codesign.predict.house.house import House
    from codesign.predict.models.models import MODELS

    name, _, encoding = text.partition(":")
    if name == BEST:
        offered: tuple[str, ...] = (COMPARED,)
    elif name == HOUSE:
        offered = (OWN,)
    elif name in MODELS:
        offered = tuple(MODELS[name].encodings)
    else:
        known = ", ".join(sorted((BEST, HOUSE, *MODELS)))
        raise ConfigError(f"unknown model {name!r}", where="--model", to_do=f"use one of {known}")
    chosen = encoding or (PREFERRED if PREFERRED in offered else offered[0])
    if chosen not in offered:
        raise ConfigError(
            f"model {name!r} does not take encoding {chosen!r}", where="--model", to_do=f"use {', '.join(offered)}"
        )
    if name in (HOUSE, BEST):
        return FitModel(name, chosen, House)
    kind = MODELS[name]
    return FitModel(name, chosen, lambda genes: kind.make(genes, chosen))


def makers() -> Mapping[str, Maker]:
    """How each model is read back from a file, by name."""
    from codesign.predict.house.house import House
    from codesign.predict.models.models import MODELS

    return {HOUSE: lambda genes, _: House(genes)} | {name: kind.make for name, kind in MODELS.items()}
