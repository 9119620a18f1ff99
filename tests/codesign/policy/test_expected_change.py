"""Smooth curves of harm and gain over how unsure an exit is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.expected_change import expected_change
from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ShapeError


def drawn(samples: int, seed: int, bend: float = 1.5) -> tuple[FloatArray, BoolArray, BoolArray, FloatArray]:
    """An exit whose harm really follows a logistic curve over ln entropy, before an end that is always right."""
    rng = np.random.default_rng(seed)
    unsure = rng.normal(-2.0, 1.5, samples)
    truth = 1.0 / (1.0 + np.exp(2.5 - bend * (unsure + 2.0)))
    correct = np.stack([rng.random(samples) >= truth, np.ones(samples, dtype=np.bool_)])
    return np.stack([np.exp(unsure), np.zeros(samples)]), correct, correct[1], truth


def test_with_many_samples_it_finds_the_curve_that_harm_follows() -> None:
    entropy, correct, reference, truth = drawn(20_000, seed=0)
    np.testing.assert_allclose(expected_change(entropy, correct, reference).harm[0], truth, atol=0.02)


def test_with_few_samples_it_expects_more_than_the_surest_were_seen_to_lose() -> None:
    seen, expected, really = [], [], []
    for seed in range(60):
        entropy, correct, reference, truth = drawn(269, seed)
        order = np.argsort(entropy[0])
        surest = order[: int(np.argmin(correct[0][order]))]  # until the first that is harmed
        if surest.size:
            seen.append(float((~correct[0][surest]).mean()))
            expected.append(float(expected_change(entropy, correct, reference).harm[0][surest].mean()))
            really.append(float(truth[surest].mean()))
    assert max(seen) == 0.0  # chosen to harm nobody
    assert np.mean(expected) == pytest.approx(np.mean(really), rel=0.35)


def test_the_surer_an_exit_the_less_harm_it_does() -> None:
    entropy, correct, reference, _ = drawn(300, seed=3)
    harm = expected_change(entropy, correct, reference).harm[0]
    assert (np.diff(harm[np.argsort(entropy[0])]) >= 0.0).all()


@pytest.mark.parametrize("samples", [30, 300, 3000])
def test_an_exit_that_harmed_nobody_is_expected_to_harm_one_sample_of_as_many(samples: int) -> None:
    entropy = np.random.default_rng(1).gamma(1.0, size=(2, samples))
    right = np.ones((2, samples), dtype=np.bool_)
    assert expected_change(entropy, right, right[0]).harm[0].sum() == pytest.approx(1.0, rel=0.1)


def test_gain_is_harm_with_the_two_networks_exchanged() -> None:
    entropy, correct, reference, _ = drawn(300, seed=5)
    entropy[1] = entropy[0]
    there = expected_change(entropy, correct, reference)
    back = expected_change(entropy[:1].repeat(2, axis=0), np.stack([reference, correct[0]]), correct[0])
    np.testing.assert_allclose(back.gain[0], there.harm[0])
    np.testing.assert_allclose(back.harm[0], there.gain[0])


def test_the_full_network_itself_changes_nothing() -> None:
    entropy, correct, reference, _ = drawn(200, seed=4)
    change = expected_change(entropy, correct, reference)
    assert (change.harm[1] == 0.0).all()
    assert (change.gain[1] == 0.0).all()


def test_another_network_at_the_end_may_harm() -> None:
    entropy, correct, _, _ = drawn(200, seed=4)
    reference = np.ones(200, dtype=np.bool_)
    correct[1, :5] = False
    assert expected_change(entropy, correct, reference).harm[1].sum() == pytest.approx(6.0, rel=0.1)


def test_samples_are_told_of_the_candidate_at_which_they_leave() -> None:
    entropy, correct, reference, _ = drawn(6, seed=6)
    change = expected_change(entropy, correct, reference)
    harm, gain = change.at(np.array([0, 1, 1, 0, 1, 0]))
    assert (harm == np.where([1, 0, 0, 1, 0, 1], change.harm[0], 0.0)).all()
    assert (gain == np.where([1, 0, 0, 1, 0, 1], change.gain[0], 0.0)).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(0.0, 10.0), st.sampled_from([np.nan, np.inf, 0.0])), st.booleans(), st.booleans()
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_an_exit_answers_its_chances_are_chances(rows: list[tuple[float, bool, bool]]) -> None:
    entropy, right, reference = (np.asarray(column) for column in zip(*rows, strict=True))
    change = expected_change(np.stack([entropy, entropy]), np.stack([right, reference]), reference)
    for chances in (change.harm, change.gain):
        assert np.isfinite(chances).all()
        assert ((chances >= 0.0) & (chances <= 1.0)).all()


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"must be \(candidates, samples\), the reference \(samples,\), got \(4,\)"):
        expected_change(np.zeros((2, 3)), np.zeros((2, 3), dtype=np.bool_), np.zeros(4, dtype=np.bool_))
