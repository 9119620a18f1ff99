"""A record's name and accuracy."""

from __future__ import annotations

from itertools import product

import numpy as np

from codesign.search.backbone_record import genome_name
from tests.codesign.search.records import record


def test_names_differ_are_short_and_can_be_file_names() -> None:
    genomes = [(), *((gene,) for gene in range(30)), *product(range(5), repeat=3), (1, 11), (11, 1)]
    names = {genome_name(genome) for genome in genomes}
    assert len(names) == len(genomes)
    assert all(name.isalnum() and len(name) == 11 for name in names)


def test_a_name_stays_the_same_over_versions_since_run_folders_hold_it() -> None:
    assert genome_name((0, 1, 2)) == "bc0be322c1a"


def test_numpy_integers_name_the_same_backbone() -> None:
    assert genome_name(tuple(np.asarray([3, 1]))) == genome_name((3, 1))


def test_the_accuracy_is_that_of_the_end_alone() -> None:
    made = record((0,), candidates=4)
    assert made.accuracy == np.mean(made.log.predictions[-1] == made.log.labels)
    assert made.accuracy != np.mean(made.log.predictions[0] == made.log.labels)
    assert made.name == genome_name((0,))
