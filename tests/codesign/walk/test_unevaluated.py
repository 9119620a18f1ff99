"""What is expected of backbones before they are evaluated agrees with what evaluating them gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.search.backbone_record import Genome
from codesign.walk.unevaluated import DECIMALS, foresight_of, static_work
from tests.codesign.walk.conftest import Parts

SPREAD: list[Genome] = [(0, *stage, 0, 1, *stage, 0, 1) for stage in product((0, 1), (0, 1))]


@pytest.mark.parametrize("genome", [SPREAD[0], SPREAD[-1]])
def test_counted_work_is_the_same_as_in_the_record(parts: Parts, genome: Genome) -> None:
    assert static_work(parts.evaluator, genome) == parts.evaluator(genome).static


def test_expected_accuracies_are_rounded_shares_and_the_same_each_time(parts: Parts) -> None:
    records = [parts.evaluator(genome) for genome in SPREAD]
    genomes = [(0, 1, 0, 0, 0, 0, 1, 0, 1), (0, 0, 1, 0, 1, 1, 0, 0, 0)]
    expected = foresight_of(parts.evaluator).accuracies(records, genomes)
    assert expected.shape == (2,)
    assert ((expected >= 0.0) & (expected <= 1.0)).all()
    np.testing.assert_array_equal(expected, np.round(expected, DECIMALS))
    np.testing.assert_array_equal(expected, foresight_of(parts.evaluator).accuracies(records, genomes))
