from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Fitted
from codesign.predict.fitting.journal import MemoryJournal
from codesign.predict.fitting.loop import Outcome, accuracy_per_bin, run_loop
from codesign.predict.fitting.rules import RANDOM, LoopRules
from codesign.space.chain_sampling import ChainSampler
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError
from tests.codesign.chains import LeastSquares, Line, small_space

from .stand_ins import Onlooker, SumOfGenes

SOURCE = ChainSampler(small_space())
RULES = LoopRules(
    initial=10, extra=5, bins=3, bin_accuracy=0.999999, max_measurements=60, test_per_bin=4, batch=4, references=2
)


class DoubledFromSixBlocks(Line):
    """Right but for the deepest networks."""

    def predict(self, designs: IntArray) -> Prediction:
        right = Line.predict(self, designs)
        return replace(right, mean=np.where(SOURCE.depth(designs) >= 6, 2.0 * right.mean, right.mean))


class RightBelowSixBlocks(LeastSquares):
    """Knows what designs cost without looking at any."""

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:
        del costs, rng
        return DoubledFromSixBlocks(np.append(np.ones(designs.shape[1]), 0.0))


def run(
    rules: LoopRules = RULES,
    measurer: SumOfGenes | None = None,
    journal: MemoryJournal | None = None,
    predictor: LeastSquares | None = None,
    onlooker: Onlooker | None = None,
) -> Outcome:
    return run_loop(
        SOURCE,
        rules,
        predictor or LeastSquares(),
        measurer or SumOfGenes(),
        journal or MemoryJournal(),
        onlooker or Onlooker(),
    )


def test_it_measures_more_until_every_bin_passes() -> None:
    onlooker = Onlooker()
    outcome = run(onlooker=onlooker)
    assert outcome.passed
    assert min(outcome.rounds[-1].accuracy) >= 0.999999
    assert all(min(done.accuracy) < 0.999999 for done in outcome.rounds[:-1])
    assert [done.measured for done in outcome.rounds] == [10 + 5 * number for number in range(len(outcome.rounds))]
    assert tuple(onlooker.rounds) == outcome.rounds
    assert len(outcome.rounds) > 1


def test_it_gives_up_at_the_most_measurements_and_says_so() -> None:
    outcome = run(replace(RULES, max_measurements=13))
    assert not outcome.passed
    assert [done.measured for done in outcome.rounds] == [10, 13]


def test_the_test_set_is_balanced_and_never_learnt_from() -> None:
    outcome = run()
    depths = SOURCE.depth(outcome.test.designs)
    assert np.bincount(outcome.bins.of(depths)).tolist() == [4, 4, 4]
    learnt = {design.tobytes() for design in outcome.training.designs}
    assert not learnt & {design.tobytes() for design in outcome.test.designs}


def test_balanced_sampling_begins_with_equally_many_of_each_bin() -> None:
    outcome = run(replace(RULES, initial=12))
    assert outcome.rounds[0].per_bin == (4, 4, 4)


def test_random_sampling_takes_designs_as_the_space_has_them() -> None:
    outcome = run(replace(RULES, sampling=RANDOM, initial=50, bin_accuracy=0.5))
    assert outcome.rounds[0].per_bin[1] > 2 * outcome.rounds[0].per_bin[0]


def test_bins_that_failed_get_more_of_what_is_added() -> None:
    rules = replace(RULES, initial=12, extra=15, max_measurements=27)
    outcome = run(rules, predictor=RightBelowSixBlocks())
    before, after = (np.array(done.per_bin) for done in outcome.rounds)
    assert (after - before).tolist() == [2, 1, 12]


def test_an_interrupted_run_goes_on_to_the_same_designs_and_the_same_result() -> None:
    whole_journal, journal = MemoryJournal(), MemoryJournal()
    whole = run(journal=whole_journal)
    with pytest.raises(KeyboardInterrupt):
        run(journal=journal, measurer=SumOfGenes(stop_at=7))
    measurer = SumOfGenes()
    resumed = run(journal=journal, measurer=measurer)
    assert measurer.calls[0] == (7, 0)
    assert [b.designs.tolist() for b in journal.batches()] == [b.designs.tolist() for b in whole_journal.batches()]
    assert [done.accuracy for done in resumed.rounds] == [done.accuracy for done in whole.rounds]
    assert resumed.predicted.mean.tolist() == whole.predicted.mean.tolist()


def test_a_finished_run_is_fitted_once_more_and_measures_nothing() -> None:
    journal, predictor, measurer = MemoryJournal(), LeastSquares(), SumOfGenes()
    first = run(journal=journal)
    again = run(journal=journal, predictor=predictor, measurer=measurer)
    assert (predictor.fits, measurer.calls) == (1, [])
    assert again.predicted.mean.tolist() == first.predicted.mean.tolist()
    assert again.rounds == first.rounds


def test_noisy_designs_count_as_measured_and_are_not_learnt_from() -> None:
    outcome = run(replace(RULES, bins=2), measurer=SumOfGenes(noisy_depth=5))
    assert not (SOURCE.depth(outcome.training.designs) == 5).any()
    last = outcome.rounds[-1]
    assert last.learnt < last.measured
    assert outcome.set_aside >= last.measured - last.learnt


def test_a_bin_whose_test_designs_are_all_noisy_cannot_be_judged() -> None:
    with pytest.raises(DataError, match="every test design of 2 blocks was noisy"):
        run(replace(RULES, bins=5, test_per_bin=2), measurer=SumOfGenes(noisy_depth=2))


def test_batches_that_the_references_do_not_vouch_for_are_counted() -> None:
    outcome = run(measurer=SumOfGenes(disturbed={1: 9}))
    assert outcome.unsteady_batches == 1


def test_the_seed_decides_everything() -> None:
    assert run().predicted.mean.tolist() == run().predicted.mean.tolist()
    assert run(replace(RULES, seed=1)).test.designs.tolist() != run().test.designs.tolist()


def test_the_accuracy_of_a_bin_is_one_minus_its_mean_relative_error() -> None:
    found = accuracy_per_bin(np.array([1.1, 0.8, 3.0]), np.array([1.0, 1.0, 3.0]), np.array([0, 0, 1]), 2)
    assert found == pytest.approx((0.85, 1.0))
