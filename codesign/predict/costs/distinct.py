"""The designs of a list without repeats: a search asks for the same ones again and again."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import IntArray

from .design_index import keys


def distinct(designs: IntArray) -> tuple[IntArray, IntArray]:
    """Designs, (m, genes), each once, and the place of each of (n, genes) among them, (n,).

    In no order that means anything.
    """
    first, places = np.unique(keys(designs), return_index=True, return_inverse=True)[1:]
    found = designs[first]
    if not (found[places] == designs).all():  # two designs with one key: once in 10⁹ lists of 10⁵
        found, places = np.unique(designs, axis=0, return_inverse=True)
    return found, places.reshape(-1)
