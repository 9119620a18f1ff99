"""Hypotheses weighed by evidence, and their reduction to a linear posterior."""

import numpy as np
import pytest

from codesign.predict.transfer import blend as module
from codesign.predict.transfer.blend import blend
from codesign.predict.transfer.evidence import LEVEL_VARIANCE, tuned
from codesign.predict.transfer.groups import hypotheses
from codesign.predict.transfer.known_boards import KnownBoards, known_boards
from runtime.contract.arrays import FloatArray

from .boards import GENES, cost_s, designs, table


@pytest.fixture(scope="module")
def boards() -> KnownBoards:
    return known_boards(GENES, *table())


def _samples(boards: KnownBoards, count: int, kind: float) -> tuple[FloatArray, FloatArray]:
    new = designs(count, seed=7)
    logs = np.log(cost_s(new, kind, noise=0.02))
    return boards.basis.features(new), (logs - logs.mean()) / logs.std()


def test_the_posterior_is_that_of_the_full_gaussian_process(boards: KnownBoards) -> None:
    hypothesis = hypotheses(boards)[0]
    features, values = _samples(boards, 20, 0.5)
    found = blend(boards.basis, [hypothesis], features, values, np.random.default_rng(0)).posterior
    new = boards.basis.features(designs(30, seed=8))
    variances = np.exp(tuned([(features @ g.loadings) @ (features @ g.loadings).T for g in hypothesis.groups],
                             values, hypothesis.typical)[0])  # fmt: skip

    def kernel(left: FloatArray, right: FloatArray) -> FloatArray:
        parts = [v * (left @ g.loadings) @ (right @ g.loadings).T
                 for v, g in zip(variances[:-1], hypothesis.groups, strict=True)]  # fmt: skip
        total: FloatArray = np.sum(parts, axis=0) + LEVEL_VARIANCE
        return total

    noisy = kernel(features, features) + variances[-1] * np.eye(20)
    crossed = kernel(new, features)
    mean, deviation = found.at(new)
    np.testing.assert_allclose(mean, crossed @ np.linalg.solve(noisy, values), atol=1e-6)
    variance = np.diag(kernel(new, new)) - (crossed * np.linalg.solve(noisy, crossed.T).T).sum(axis=1) + variances[-1]
    np.testing.assert_allclose(deviation, np.sqrt(variance), atol=1e-6)


def test_the_odds_sum_to_1_and_the_likeliest_comes_first(boards: KnownBoards) -> None:
    found = blend(boards.basis, hypotheses(boards), *_samples(boards, 20, 0.0), np.random.default_rng(0)).posterior
    np.testing.assert_allclose(found.odds.sum(), 1.0)
    assert found.odds[0] == found.odds.max()


def test_leaving_out_directions_never_narrows_an_interval(boards: KnownBoards, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = _samples(boards, 40, 0.3)
    new = boards.basis.features(designs(30, seed=8))
    whole = blend(boards.basis, hypotheses(boards), *samples, np.random.default_rng(0)).posterior.at(new)
    monkeypatch.setattr(module, "MOST_DIRECTIONS", 5)
    fewer = blend(boards.basis, hypotheses(boards), *samples, np.random.default_rng(0)).posterior.at(new)
    np.testing.assert_array_equal(fewer[0], whole[0])
    assert (fewer[1] >= whole[1] - 1e-9).all()
