"""Reads from the name of a gene which feature it sets and where in the network it sits.

A name is words and numbers, "kernel_2_0", "op_3<-1", "unit1_expand2", "resolution": its words are the feature, its
numbers the place. Digits inside a word ("conv3x3") belong to the word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .known_spaces import FBNET, fbnet_stage, known_space

DEPTH = "depth"
WHOLE_NETWORK = -1
EDGE = "<-"  # the gene is an edge of a cell that is repeated: the whole cell is one unit
WORD_WITH_NUMBER = re.compile(r"([^\W\d_]+)(\d+)")


def feature_of(name: str) -> str:
    """The words of a name, joined by underscores; the whole name where it has none."""
    return "_".join(_words_and_numbers(name)[0]) or name


def place_of(name: str) -> tuple[int, ...]:
    """The numbers of a name, from left to right."""
    return _words_and_numbers(name)[1]


def units_of(names: Sequence[str], choices: Sequence[str]) -> tuple[int, ...]:
    """The unit of each gene, numbered from 0; -1 where it concerns the whole network.

    Depth genes say how many units there are: a gene with two numbers lies in the unit that its first number names; of
    a feature with one number, the genes are dealt out to the units in order, equally many to each. Without depth genes
    the first number is the unit. A gene without a number, and one that fits no unit, concerns the whole network. The
    edges of a cell are one unit, and FBNet's layers lie in its published stages.
    """
    if known_space(names, choices) == FBNET:
        return tuple(fbnet_stage(place_of(name)[0]) for name in names)
    features, places = [feature_of(name) for name in names], [place_of(name) for name in names]
    depths = [place[0] for name, place in zip(names, places, strict=True) if is_depth(feature_of(name)) and place]
    if not depths:
        first = sorted({place[0] for place in places if place})
        return tuple(
            0 if EDGE in name else first.index(place[0]) if place else WHOLE_NETWORK
            for name, place in zip(names, places, strict=True)
        )
    numbered = sorted(set(depths))
    units = []
    for feature, place in zip(features, places, strict=True):
        alike = sorted(other for other, of in zip(places, features, strict=True) if of == feature)
        if not place:
            units.append(WHOLE_NETWORK)
        elif len(place) > 1 or is_depth(feature):
            units.append(numbered.index(place[0]) if place[0] in numbered else WHOLE_NETWORK)
        elif len(alike) % len(numbered) == 0:
            units.append(alike.index(place) // (len(alike) // len(numbered)))
        else:
            units.append(WHOLE_NETWORK)
    return tuple(units)


def is_depth(feature: str) -> bool:
    """Whether genes of this feature say how many blocks a unit has."""
    return DEPTH in feature.split("_")


def _words_and_numbers(name: str) -> tuple[list[str], tuple[int, ...]]:
    words, numbers = [], []
    tokens = [token for token in re.split(r"[\W_]+", name) if token]
    for token in tokens:
        if token.isdecimal():
            numbers.append(int(token))
        elif matched := WORD_WITH_NUMBER.fullmatch(token):
            words.append(matched[1])
            numbers.append(int(matched[2]))
        else:
            words.append(token)
    return words, tuple(numbers)
