"""codesign/predict/encodings/one_hot.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.one_hot import one_hot

from .spaces import SPACES


def test_each_value_of_each_gene_has_a_column() -> None:
    encoding = one_hot(Genes.named(("kernel_0", "resolution"), values=[(3, 7), (128, 160, 192)]))
    assert encoding.columns == ("kernel_0: 3", "kernel_0: 7", "resolution: 128", "resolution: 160", "resolution: 192")
    assert encoding.features(np.array([[7, 128], [3, 192]])).tolist() == [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]


def test_choices_are_called_by_their_names() -> None:
    encoding = one_hot(Genes.named(("layer_0",), ("skip", "conv")))
    assert encoding.columns == ("layer_0: skip", "layer_0: conv")


def test_a_value_that_is_not_listed_has_no_column() -> None:
    encoding = one_hot(Genes.named(("kernel_0",), values=[(3, 7)]))
    assert encoding.features(np.array([[5], [9], [1], [7]])).tolist() == [[0, 0], [0, 0], [0, 0], [0, 1]]


def test_every_gene_of_every_design_is_hot_once() -> None:
    for space in ("nas-bench-201", "fbnet", "densenet"):
        genes, designs = SPACES[space]
        assert (one_hot(genes).features(designs).sum(axis=1) == len(genes.names)).all()
