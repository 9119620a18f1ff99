"""A space searched in part: values of genes that a user leaves out, since a board is slow at them or lacks them."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.contract.errors import ConfigError

from .backbone_space import GENES_PER_STAGE, BackboneSpace

Choices = tuple[tuple[int, ...], ...]  # per gene the places of the values that may be chosen, rising


def all_choices(space: BackboneSpace) -> Choices:
    """Everything the space offers."""
    return tuple(tuple(range(len(values))) for values in space.gene_choices)


def narrowed_choices(space: BackboneSpace, left_out: Sequence[str]) -> Choices:
    """What remains. The supernet stays whole: only the search keeps away from what is left out.

    Args:
        left_out: `stage1.kernel=5`, `resolution=16,24`, or for all stages that offer it, `kernel=5`.
    Raises:
        ConfigError: no such gene or value, or nothing of a gene remains.
    """
    choices = [list(places) for places in all_choices(space)]
    for text in left_out:
        name, _, values = text.replace(" ", "").partition("=")
        genes = _genes(space, name, text)
        for value in _values(values, text):
            holding = [gene for gene in genes if value in space.gene_choices[gene]]
            if not holding:
                offered = sorted({offer for gene in genes for offer in space.gene_choices[gene]})
                raise ConfigError(
                    f"{name} has no value {value} in space {space.name!r}",
                    where=f"--leave-out {text}",
                    to_do=f"leave out some of {', '.join(map(str, offered))}",
                )
            for gene in holding:
                place = space.gene_choices[gene].index(value)
                choices[gene] = [kept for kept in choices[gene] if kept != place]
    for name, kept in zip(space.gene_names, choices, strict=True):
        if not kept:
            raise ConfigError(
                f"nothing of {name} remains to be chosen", where="--leave-out", to_do="leave out fewer of its values"
            )
    return tuple(map(tuple, choices))


def _genes(space: BackboneSpace, name: str, text: str) -> list[int]:
    """The genes of a name, which may be one for all stages."""
    names = space.gene_names
    found = [gene for gene, known in enumerate(names) if known == name or known.split(".")[-1] == name]
    if not found:
        raise ConfigError(
            f"space {space.name!r} has no gene {name!r}",
            where=f"--leave-out {text}",
            to_do=f"name one of {', '.join(names)}, or for all stages one of {', '.join(GENES_PER_STAGE)}",
        )
    return found


def _values(text: str, whole: str) -> list[int]:
    try:
        return [int(value) for value in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--leave-out takes GENE=VALUE with whole numbers, not {whole!r}", to_do="write for example kernel=5"
        ) from error
