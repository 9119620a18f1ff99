from __future__ import annotations

import numpy as np

from codesign.predict.fitting.journal import TRAIN, Batch, MemoryJournal, Round


def batch(spread: float) -> Batch:
    one = np.ones(1)
    return Batch(TRAIN, "a board", np.ones((1, 2), dtype=np.int64), one, one, np.zeros(1, dtype=bool), one, spread, 1)


def test_a_batch_passes_when_its_references_spread_no_more_than_asked() -> None:
    assert batch(0.03).passed(0.03)
    assert not batch(0.031).passed(0.03)


def test_a_bin_passes_when_its_accuracy_is_at_least_what_is_asked() -> None:
    assert Round(0, 10, 10, (5, 5), (0.95, 0.949), 0.1).passed(0.95) == (True, False)


def test_a_journal_keeps_batches_and_rounds_in_order() -> None:
    journal = MemoryJournal()
    first, second, judged = batch(0.0), batch(0.1), Round(0, 1, 1, (1,), (0.5,), 0.1)
    for entry in (first, judged, second):
        journal.add(entry)
    assert journal.batches() == (first, second)
    assert journal.rounds() == (judged,)
