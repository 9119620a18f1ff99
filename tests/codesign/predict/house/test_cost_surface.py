"""Tests of the fitted cost surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.predict.house.cost_surface import BLOCK, CostSurface
from codesign.predict.house.surface_fit import fitted_surface
from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError

from .spaces import cell_genes, costs_of, designs_of, unit_genes


def _surface() -> CostSurface:
    rng, genes = np.random.default_rng(0), unit_genes()
    designs = designs_of(genes, 60, rng)
    return fitted_surface(genes, designs, costs_of(genes, designs), rng).surface


def _cells() -> tuple[CostSurface, IntArray]:
    rng, genes = np.random.default_rng(0), cell_genes()
    designs = rng.integers(3, size=(40, 4))
    return fitted_surface(genes, designs, 1.0 + designs.sum(axis=1), rng).surface, designs


def test_a_design_costs_the_same_among_many_as_alone() -> None:
    surface, rng = _surface(), np.random.default_rng(1)
    many = designs_of(unit_genes(), BLOCK + 10, rng)
    alone = surface.mean(many[-1:])
    assert surface.mean(many)[-1] == pytest.approx(float(alone[0]), rel=1e-5)


def test_repeated_designs_of_a_small_space_cost_the_same() -> None:
    surface, designs = _cells()
    twice = surface.mean(np.concatenate([designs, designs]))
    assert twice[:40] == pytest.approx(twice[40:])
    assert twice[:1] == pytest.approx(surface.mean(designs[:1]), rel=1e-5)


def test_no_design_costs_nothing_or_less() -> None:
    surface = replace(_surface(), constant=-100.0)
    mean = surface.mean(designs_of(unit_genes(), 10, np.random.default_rng(0)))
    assert (mean == surface.lowest).all()
    assert surface.lowest > 0


@pytest.mark.parametrize("unit", [1e-60, 1e60])
def test_costs_in_any_unit_are_predicted_alike(unit: float) -> None:
    genes = unit_genes()
    designs = designs_of(genes, 60, np.random.default_rng(0))
    costs = costs_of(genes, designs)
    once, scaled = (fitted_surface(genes, designs, costs * by, np.random.default_rng(0)) for by in (1.0, unit))
    assert scaled.surface.mean(designs) == pytest.approx(once.surface.mean(designs) * unit, rel=1e-3, abs=0.0)


def test_no_designs_have_no_costs() -> None:
    assert _surface().mean(np.zeros((0, len(unit_genes().names)), dtype=np.int64)).shape == (0,)


def test_a_surface_comes_back_from_its_arrays() -> None:
    surface = _surface()
    designs = designs_of(unit_genes(), 20, np.random.default_rng(2))
    again = CostSurface.from_arrays(unit_genes(), surface.as_arrays())
    assert np.array_equal(again.mean(designs), surface.mean(designs))


@pytest.mark.parametrize("name", ["constants", "weights", "variances", "pulls", "centre_0", "scale_0", "landmarks_0"])
def test_a_missing_or_damaged_array_is_named(name: str) -> None:
    arrays = dict(_surface().as_arrays())
    with pytest.raises(DataError, match="missing or damaged"):
        CostSurface.from_arrays(unit_genes(), {**arrays, name: np.zeros((1, 1, 1))})
    del arrays[name]
    with pytest.raises(DataError, match=f"`{name}` is missing or damaged"):
        CostSurface.from_arrays(unit_genes(), arrays)


def test_arrays_of_another_space_are_refused() -> None:
    with pytest.raises(DataError, match="missing or damaged"):
        CostSurface.from_arrays(cell_genes(), _surface().as_arrays())
