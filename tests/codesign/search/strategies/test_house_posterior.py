from __future__ import annotations

import numpy as np

from codesign.search.strategies.house_covariance import NOISE, RATES, Covariance
from codesign.search.strategies.house_posterior import fitted, tuned
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray

SPACE = SearchSpace((4, 4, 4))
COVARIANCE = Covariance(SPACE.gene_sizes)


def worth(designs: IntArray) -> FloatArray:
    return 5.0 + designs[:, 0] * designs[:, 1] - 0.5 * designs[:, 2] + 0.02 * np.cos(designs @ [31, 17, 7])


def drawn(count: int) -> IntArray:
    return SPACE.fresh(np.random.default_rng(1), count, ())


def test_unseen_designs_are_predicted_and_the_more_surely_the_more_was_seen() -> None:
    errors, sure = [], []
    for count in (12, 45):
        designs = drawn(count)
        model = fitted(COVARIANCE, tuned(COVARIANCE, designs, worth(designs)), designs, worth(designs))
        mean, deviation = model.predict(SPACE.all())
        errors.append(np.abs(mean - worth(SPACE.all())).mean())
        sure.append(deviation.mean())
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 0.5
    assert sure[1] < sure[0]


def test_tuning_tells_genes_that_matter_from_those_that_do_not() -> None:
    designs = drawn(40)
    found = tuned(COVARIANCE, designs, designs[:, 0] * designs[:, 1] + 0.0)
    assert found[RATES : RATES + 2].min() > found[RATES + 2] + 1.0
    assert found[NOISE] < COVARIANCE.prior()[0][NOISE]


def test_the_joint_covariance_agrees_with_the_deviations() -> None:
    designs = drawn(20)
    model = fitted(COVARIANCE, COVARIANCE.prior()[0], designs, worth(designs))
    others = SPACE.all()[::7]
    assert np.allclose(np.sqrt(np.diag(model.joint(others))), model.predict(others)[1], atol=1e-6)
    assert model.noise > 0


def test_equal_worth_is_predicted_as_it_is() -> None:
    designs = drawn(6)
    model = fitted(COVARIANCE, tuned(COVARIANCE, designs, np.full(6, 3.0)), designs, np.full(6, 3.0))
    assert np.allclose(model.predict(SPACE.all())[0], 3.0)


def test_nothing_asked_nothing_predicted() -> None:
    designs = drawn(6)
    model = fitted(COVARIANCE, COVARIANCE.prior()[0], designs, worth(designs))
    assert [len(part) for part in model.predict(designs[:0])] == [0, 0]
