"""The exact published front is the front of every design there is."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas import exact_front
from codesign.search.hadas.dynamics import Designs, Dynamics
from codesign.search.hadas.exact_front import exact_published_front
from codesign.search.hadas.inner_engine import pareto_set
from codesign.search.hadas.objectives import published_pair
from tests.codesign.search.records import POINTS, pricing, record


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at_once", [3, 1 << 12])
def test_it_is_the_front_of_all_sets_of_exits_at_all_points(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_front, "CHUNK_MASKS", at_once)
    dynamics = Dynamics(record((seed,), candidates=5, seed=seed, skill=0.6), pricing())
    masks = np.arange(1, 16)
    everything = Designs(
        np.repeat(masks, len(POINTS)),
        np.tile(np.arange(len(POINTS)), masks.size),
        np.zeros(15 * len(POINTS), dtype=int),
    )
    expected = pareto_set(everything, published_pair(dynamics, everything))
    np.testing.assert_allclose(exact_published_front(dynamics).values, expected.values, rtol=1e-12)


def test_a_network_without_exits_has_a_front_of_its_clocks() -> None:
    found = exact_published_front(Dynamics(record((0,), candidates=1), pricing()))
    assert found.designs.mask.tolist() == [0]


def test_the_designs_are_those_of_the_values() -> None:
    dynamics = Dynamics(record((0,), candidates=5), pricing())
    found = exact_published_front(dynamics)
    np.testing.assert_allclose(published_pair(dynamics, found.designs), found.values, rtol=1e-12)
