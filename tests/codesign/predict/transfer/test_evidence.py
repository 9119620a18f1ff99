"""Marginal likelihood, its slope, and leaving one out in closed form."""

import numpy as np

from codesign.predict.transfer.evidence import _surprise, covariance, posterior, tuned
from runtime.contract.arrays import FloatArray


def _case() -> tuple[list[FloatArray], FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    features = [rng.normal(size=(15, 2)), rng.normal(size=(15, 4))]
    values = features[0] @ [0.7, -0.7] + rng.normal(0.0, 0.1, 15)
    return [one @ one.T for one in features], (values - values.mean()) / values.std(), np.array([0.0, -2.0, -3.0])


def test_the_slope_of_the_surprise_is_what_differences_say() -> None:
    kernels, values, at = _case()
    at = at + 0.3
    slope = _surprise(at, at - 1.0, kernels, values)[1]
    for parameter in range(3):
        step = np.eye(3)[parameter] * 1e-5
        above, below = (_surprise(at + sign * step, at - 1.0, kernels, values)[0] for sign in (1, -1))
        np.testing.assert_allclose(slope[parameter], (above - below) / 2e-5, rtol=1e-5)


def test_tuning_finds_which_group_matters() -> None:
    kernels, values, typical = _case()
    log_variances, log_evidence = tuned(kernels, values, typical)
    assert log_variances[0] > log_variances[1] + 1.0
    assert log_evidence >= -_surprise(typical, typical, kernels, values)[0]


def test_leaving_one_out_is_as_if_it_had_been_left_out() -> None:
    kernels, values, at = _case()
    found = posterior(at, kernels, values)
    total = covariance(at, kernels)
    rest = np.arange(1, 15)
    solved = np.linalg.solve(total[np.ix_(rest, rest)], np.stack([values[rest], total[rest, 0]], axis=1))
    np.testing.assert_allclose(found.left_out[0], values[0] - total[0, rest] @ solved[:, 0])
    np.testing.assert_allclose(found.left_out_variance[0], total[0, 0] - total[0, rest] @ solved[:, 1])
