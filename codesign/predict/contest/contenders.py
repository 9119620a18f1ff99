"""Who competes: the house model, and every model of the field with every encoding it takes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from codesign.predict.costs.cost_table import CostTable
from codesign.predict.costs.genes import Genes
from codesign.predict.house.house import House
from codesign.predict.models.models import MODELS, pairs_for
from codesign.predict.transfer.nearest_source import NearestSource
from codesign.predict.transfer.transfer import transfer
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError

from .trial import Contender

HOUSE, NEAREST = "house", "nearest-source"
OWN = "own"  # the encoding of a model that chooses its own


def on_one_board(genes: Genes) -> list[Contender]:
    """All that need no other board."""
    return [Contender(HOUSE, OWN, partial(House, genes)), *of_the_field(genes)]


def of_the_field(genes: Genes) -> list[Contender]:
    """Every model of the field with every encoding that the space can have."""
    return [Contender(name, code, partial(MODELS[name].make, genes, code)) for name, code in pairs_for(genes)]


def contenders(table: CostTable, sources: FloatArray, wanted: Sequence[str] | None) -> list[Contender]:
    """In the order they are run.

    Args:
        sources: (boards, designs), costs that are known on other boards; none for a board by itself.
        wanted: names of models; None for all.
    Raises:
        ConfigError: there is no such model.
    """
    genes = table.genes
    found: list[Contender] = []
    if len(sources):
        found.append(Contender(HOUSE, OWN, partial(transfer, genes, sources, table.genome)))
        found.append(Contender(NEAREST, OWN, partial(NearestSource, sources, table.genome)))
        found += of_the_field(genes)
    else:
        found += on_one_board(genes)
    if wanted is None:
        return found
    names = list(dict.fromkeys(one.model for one in found))
    if unknown := [name for name in wanted if name not in names]:
        raise ConfigError(f"there is no model {unknown[0]!r}", to_do=f"choose among {', '.join(names)}")
    return [one for one in found if one.model in wanted]
