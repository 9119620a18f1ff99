from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.predict.fitting.journal import TEST, TRAIN, MemoryJournal
from codesign.predict.fitting.quality_control import Batches, spread_of
from codesign.predict.fitting.rules import LoopRules
from runtime.contract.errors import ConfigError, StorageError

from .stand_ins import Onlooker, SumOfGenes

RULES = LoopRules(batch=4, references=2, attempts=3)
DESIGNS = np.arange(1, 31).reshape(10, 3)
REFERENCES = np.array([[5, 5, 5], [7, 7, 7]])


def batches(measurer: SumOfGenes, journal: MemoryJournal, onlooker: Onlooker, rules: LoopRules = RULES) -> Batches:
    return Batches(measurer, REFERENCES, rules, journal, onlooker.tick, onlooker.say)


def test_the_spread_is_that_of_the_worst_reference_about_its_own_median() -> None:
    before = [np.array([1.0, 10.0]), np.array([1.0, 10.0])]
    assert spread_of(np.array([1.0, 10.0]), before) == 0.0
    assert spread_of(np.array([1.02, 9.0]), before) == pytest.approx(0.1)
    assert spread_of(np.array([3.0]), []) == 0.0  # the first batch has nothing to differ from


def test_designs_are_measured_in_batches_and_written_down_one_by_one() -> None:
    measurer, journal = SumOfGenes(), MemoryJournal()
    found = batches(measurer, journal, Onlooker()).measured(DESIGNS, TRAIN)
    assert [len(batch.designs) for batch in found] == [4, 4, 2]
    assert np.concatenate([batch.costs for batch in found]).tolist() == DESIGNS.sum(axis=1).tolist()
    assert journal.batches() == tuple(found)


def test_a_batch_in_which_the_references_changed_is_measured_again() -> None:
    measurer, onlooker = SumOfGenes(disturbed={2: 1}), Onlooker()
    found = batches(measurer, MemoryJournal(), onlooker).measured(DESIGNS, TRAIN)
    assert measurer.calls == [(0, 0), (1, 0), (2, 0), (2, 1)]
    assert (found[2].attempts, found[2].spread) == (2, 0.0)
    assert not onlooker.said


def test_a_batch_that_never_settles_keeps_its_best_attempt_and_that_is_said() -> None:
    measurer, onlooker = SumOfGenes(disturbed={2: 9}), Onlooker()
    found = batches(measurer, MemoryJournal(), onlooker).measured(DESIGNS, TRAIN)
    assert measurer.calls[2:] == [(2, 0), (2, 1), (2, 2)]
    assert found[2].attempts == 3
    assert found[2].spread == pytest.approx(0.3)  # of the last, which deviates least
    assert onlooker.said == [
        "batch 3: after 3 attempts a reference design is still 30.0% away from its median (at most 3% are asked for); "
        "its costs are kept"
    ]


def test_what_is_written_down_is_not_measured_again() -> None:
    journal = MemoryJournal()
    batches(SumOfGenes(), journal, Onlooker()).measured(DESIGNS[:8], TRAIN)
    measurer = SumOfGenes()
    found = batches(measurer, journal, Onlooker()).measured(DESIGNS, TRAIN)
    assert measurer.calls == [(2, 0)]
    assert len(found) == 3


@pytest.mark.parametrize("change", ["designs", "purpose"])
def test_a_journal_of_other_designs_is_refused(change: str) -> None:
    journal = MemoryJournal()
    batches(SumOfGenes(), journal, Onlooker()).measured(DESIGNS, TRAIN)
    designs, purpose = (DESIGNS + 1, TRAIN) if change == "designs" else (DESIGNS, TEST)
    with pytest.raises(StorageError, match="batch 0 holds other designs"):
        batches(SumOfGenes(), journal, Onlooker()).measured(designs, purpose)


def test_costs_of_two_machines_are_not_mixed() -> None:
    journal = MemoryJournal()
    batches(SumOfGenes(), journal, Onlooker()).measured(DESIGNS[:4], TRAIN)
    other = batches(SumOfGenes(hardware="another"), journal, Onlooker())
    with pytest.raises(ConfigError, match="measured on another, those before on the sum of genes"):
        other.measured(DESIGNS, TRAIN)


def test_one_attempt_is_enough_where_no_more_are_allowed() -> None:
    measurer = SumOfGenes(disturbed={1: 9})
    batches(measurer, MemoryJournal(), Onlooker(), replace(RULES, attempts=1)).measured(DESIGNS, TRAIN)
    assert measurer.calls == [(0, 0), (1, 0), (2, 0)]
