"""codesign/predict/new_board/decoder.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.new_board.decoder import decoded, one_gene_changes
from codesign.predict.new_board.learning_to_optimise import LearntOptimiser


def test_changes_differ_in_one_gene_and_are_all_there() -> None:
    genes = Genes.named(["op_0", "op_1"], ["a", "b", "c"])
    changed = one_gene_changes(genes, np.array([[0, 2]]))
    assert sorted(map(tuple, changed.tolist())) == [(0, 0), (0, 1), (1, 2), (2, 2)]


def test_changes_are_legal_where_a_depth_leaves_layers_out() -> None:
    genes = Genes.named(["kernel_0", "kernel_1", "depth_0"], values=[(3, 5), (0, 3, 5), (1, 2)])
    changed = one_gene_changes(genes, np.array([[3, 5, 2]]))
    assert (changed == genes.canonical(changed)).all()


def test_what_is_decoded_is_ranked_and_no_worse_than_the_library(learnt: LearntOptimiser) -> None:
    features, mixture = learnt.boards.features[0], np.array([1.0, 0.0, 0.0, 0.0])
    designs, objectives = decoded(learnt.performance, learnt.networks, learnt.library, features, mixture, 0.1)
    assert (np.diff(objectives) >= 0).all()
    assert len(np.unique(designs, axis=0)) == len(designs)
    of_library = learnt.performance.objectives(learnt.library, mixture[None, :], np.array([0.1]))
    assert objectives[0] <= of_library.min()
