from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.expected_answers import LEAST, RANGES, expected_answers
from codesign.policy.replay import replay
from runtime.contract.exit_policy import ExitPolicy


def _log(samples: int, seed: int) -> ExitLog:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, samples)
    return ExitLog(rng.gamma(1.0, 0.3, (3, samples)), rng.integers(0, 5, (3, samples)), labels)


@given(samples=st.integers(1, 400), seed=st.integers(0, 1000), threshold=st.floats(0.0, 1.0))
def test_every_image_falls_into_one_cell_and_exits_have_the_shares_of_the_replay(
    samples: int, seed: int, threshold: float
) -> None:
    log, policy = _log(samples, seed), ExitPolicy((threshold, threshold))
    found = expected_answers(log, 0b11, policy)
    assert found.images == samples
    assert np.isclose(sum(map(sum, found.shares)), 1.0)
    assert np.allclose([sum(shares) for shares in found.shares], replay(log, 0b11, policy).exit_shares)
    assert all(1 <= len(shares) <= RANGES for shares in found.shares)


def test_faults_are_those_that_were_counted_in_a_cell_and_never_none_or_all() -> None:
    log, policy = _log(900, 3), ExitPolicy((0.3,))
    found, played = expected_answers(log, 0b01, policy), replay(log, 0b01, policy)
    shares, faults = (np.array([x for of_exit in table for x in of_exit]) for table in (found.shares, found.faults))
    counted = faults * (shares * 900 + 1) - 0.5
    assert np.allclose(counted, np.rint(counted))
    assert counted.sum() / 900 == pytest.approx(1 - played.accuracy)
    assert 0 < faults.min() <= faults.max() < 1


def test_images_that_chose_nothing_count_as_much_as_others() -> None:
    first, second, policy = _log(400, 1), _log(300, 2), ExitPolicy((0.3, 0.3))
    both = ExitLog(
        np.concatenate([first.entropy_nats, second.entropy_nats], axis=1),
        np.concatenate([first.predictions, second.predictions], axis=1),
        np.concatenate([first.labels, second.labels]),
    )
    assert expected_answers(first, 0b11, policy, second) == expected_answers(both, 0b11, policy)


def test_cells_count_on_a_board_as_they_were_counted_here() -> None:
    log, policy = _log(900, 3), ExitPolicy((0.3,))
    found = expected_answers(log, 0b01, policy)
    taken = replay(log, 0b01, policy).exits_taken
    counts = np.zeros(sum(map(len, found.shares)))
    for sample, stage in enumerate(taken):
        counts[found.cell(int(stage), float(log.entropy_nats[(0, 2)[stage], sample]))] += 1
    assert np.allclose(counts / 900, [share for shares in found.shares for share in shares])
    assert counts.min() >= LEAST - 1
