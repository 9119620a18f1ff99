"""What is expected of backbones that are not evaluated."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.foresight import Foresight, Prospect
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.errors import EngineError
from runtime.contract.work import Work
from tests.codesign.search.records import pricing, record

WORK = StageWork((Work(1e6, 1e6, 1.0),))


def test_prospects_have_the_counted_work_and_the_accuracy_learnt_from_what_was_evaluated() -> None:
    def accuracies(evaluated: Sequence[BackboneRecord], genomes: Sequence[Genome]) -> FloatArray:
        return np.asarray([len(evaluated) / 10 + genome[0] / 100 for genome in genomes])

    found = Foresight(lambda _: WORK, accuracies).prospects([record((0,)), record((1,))], [(5,), (7,)])
    assert found == {(5,): Prospect((5,), WORK, 0.25), (7,): Prospect((7,), WORK, 0.27)}


def test_with_nothing_to_foresee_nothing_is_learnt() -> None:
    def accuracies(_evaluated: Sequence[BackboneRecord], _genomes: Sequence[Genome]) -> FloatArray:
        raise AssertionError("fitted for nothing")

    assert Foresight(lambda _: WORK, accuracies).prospects([], []) == {}


def test_nothing_is_expected_of_a_backbone_whose_work_cannot_be_counted() -> None:
    def static(genome: Genome) -> StageWork:
        if genome == (5,):
            raise EngineError("no graph of it can be made")
        return WORK

    def accuracies(_evaluated: Sequence[BackboneRecord], genomes: Sequence[Genome]) -> FloatArray:
        return np.asarray([genome[0] / 10 for genome in genomes])

    foresight = Foresight(static, accuracies)
    assert foresight.prospects([], [(5,), (7,)]) == {(7,): Prospect((7,), WORK, 0.7)}
    assert foresight.prospects([], [(5,)]) == {}


def test_a_prospect_is_named_priced_and_ordered_like_its_record_but_cannot_be_solved() -> None:
    known = record((3,), size=2.0)
    prospect = Prospect((3,), known.static, 0.9)
    assert prospect.name == known.name
    assert pricing().full_depth([prospect]) == pricing().full_depth([known])
    small = record((1,), size=1.0)
    assert pricing().ordered([prospect, small]) == (small, prospect)
    assert {"works", "log"}.isdisjoint(field.name for field in dataclasses.fields(prospect))
