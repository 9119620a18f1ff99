"""Tests of the fitted house model."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.house.fitted_house import FittedHouse
from codesign.predict.house.house import House
from runtime.contract.errors import ShapeError

from .spaces import costs_of, designs_of, unit_genes

GENES = unit_genes()


@pytest.fixture(scope="module")
def fitted() -> FittedHouse:
    rng = np.random.default_rng(0)
    designs = designs_of(GENES, 100, rng)
    return House(GENES).fit(designs, costs_of(GENES, designs), rng)


def test_genes_of_absent_layers_change_nothing(fitted: FittedHouse) -> None:
    designs = designs_of(GENES, 20, np.random.default_rng(1))
    noise = designs.copy()
    absent = designs == 0
    noise[absent] = 7
    assert np.array_equal(fitted.predict(noise).mean, fitted.predict(designs).mean)


def test_a_value_never_seen_is_outside_and_its_interval_wider(fitted: FittedHouse) -> None:
    design = designs_of(GENES, 1, np.random.default_rng(1))
    strange = design.copy()
    strange[0, GENES.names.index("kernel_0_0")] = 9
    inside, outside = fitted.predict(design), fitted.predict(strange)
    assert not inside.outside[0]
    assert outside.outside[0]
    assert outside.high[0] / outside.mean[0] > 1.05 * inside.high[0] / inside.mean[0]


def test_costs_per_block_add_up_to_about_what_is_predicted(fitted: FittedHouse) -> None:
    costs = fitted.per_block_costs(np.random.default_rng(0))
    designs = designs_of(GENES, 50, np.random.default_rng(3))
    off = np.abs(costs.total(designs) / fitted.predict(designs).mean - 1).mean()
    assert off < 0.12  # a product of resolution and blocks is no sum
    assert off == pytest.approx(costs.error, rel=0.5)
    dear = costs.added[GENES.names.index("expand_2_0")]
    assert 0 == dear[0] < dear[1] < dear[2]


def test_designs_of_other_genes_are_refused(fitted: FittedHouse) -> None:
    with pytest.raises(ShapeError, match="designs must be whole numbers"):
        fitted.predict(np.zeros((3, 2), dtype=np.int64))


def test_it_comes_back_from_its_arrays(fitted: FittedHouse) -> None:
    designs = designs_of(GENES, 20, np.random.default_rng(2))
    again, was = House(GENES).restored(fitted.as_arrays()).predict(designs), fitted.predict(designs)
    for name in ("mean", "low", "high", "outside"):
        assert np.array_equal(getattr(again, name), getattr(was, name))
    assert again.calibrated is was.calibrated
