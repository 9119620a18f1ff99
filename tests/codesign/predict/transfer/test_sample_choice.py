"""Which designs to measure."""

import numpy as np
import pytest

from codesign.predict.transfer.groups import hypotheses
from codesign.predict.transfer.known_boards import known_boards
from codesign.predict.transfer.sample_choice import chosen_samples
from runtime.contract.errors import DataError

from .boards import GENES, designs, table


def test_chosen_samples_leave_less_unknown_than_random_ones() -> None:
    boards = known_boards(GENES, *table())
    pool = designs(200, seed=3)
    features = boards.basis.features(pool)
    hypothesis = hypotheses(boards)[0]
    variances = np.exp(hypothesis.typical)
    prior = sum(
        variance * (features @ group.loadings) @ (features @ group.loadings).T
        for variance, group in zip(variances[:-1], hypothesis.groups, strict=True)
    )

    def unknown(rows: np.ndarray) -> float:
        noisy = prior[np.ix_(rows, rows)] + variances[-1] * np.eye(len(rows))
        return float(np.trace(prior) - np.trace(prior[:, rows] @ np.linalg.solve(noisy, prior[rows])))

    chosen = chosen_samples(boards, pool, 10, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 10
    assert all(unknown(chosen) < unknown(np.random.default_rng(seed).permutation(200)[:10]) for seed in range(5))


@pytest.mark.parametrize("count", [0, 6])
def test_a_count_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(DataError, match=f"cannot choose {count} of 5 designs"):
        chosen_samples(known_boards(GENES), designs(5), count, np.random.default_rng(0))
