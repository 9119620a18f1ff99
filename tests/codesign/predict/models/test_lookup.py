"""codesign/predict/models/lookup.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.lookup import FittedTable, ProfiledLayers, lookup, profiled_lookup
from runtime.contract.errors import DataError

from .boards import FBNET, RESNET, designs_and_costs

PROFILED = {
    (name, value): 0.001 * (value + 1) * (gene + 1)
    for gene, name in enumerate(FBNET.names)
    for value in range(len(FBNET.choices))
}


def test_costs_that_add_up_are_predicted_to_the_per_mille() -> None:
    designs, costs = designs_and_costs(FBNET, 900, noise=0.0)
    fitted = lookup(FBNET, "one-hot").fit(designs[:600], costs[:600], np.random.default_rng(0))
    assert fitted.predict(designs[600:]).mean == pytest.approx(costs[600:], rel=5e-3)


def test_a_block_that_no_sample_holds_costs_what_blocks_cost() -> None:
    inputs = np.column_stack([np.tile([1.0, 0.0], 10), np.tile([0.0, 1.0], 10), np.zeros(20)])
    fitted = FittedTable().fit(inputs, np.ones(20), np.random.default_rng(0))
    known, _, unknown = fitted.costs(np.eye(3))
    assert known == pytest.approx(1.0, rel=0.01)
    assert unknown == pytest.approx(1.0, rel=0.1)


def test_profiled_layers_are_corrected_by_a_line_even_one_that_starts_below_zero() -> None:
    designs = designs_and_costs(FBNET, 100)[0]
    sums = ProfiledLayers(FBNET, PROFILED).features(designs)[:, 0]
    costs = 0.7 * sums - 0.05
    fitted = profiled_lookup(FBNET, PROFILED).fit(designs[:30], costs[:30], np.random.default_rng(0))
    assert fitted.predict(designs).mean == pytest.approx(costs)
    again = profiled_lookup(FBNET, PROFILED).restored(fitted.as_arrays())
    assert again.predict(designs).mean.tolist() == fitted.predict(designs).mean.tolist()


def test_a_sum_of_profiled_layers_is_what_each_of_them_costs() -> None:
    design = np.zeros((1, 22), dtype=np.int64)
    assert ProfiledLayers(FBNET, PROFILED).features(design)[0, 0] == pytest.approx(0.001 * sum(range(1, 23)))


def test_an_absent_layer_costs_nothing_but_one_that_was_not_profiled_is_refused() -> None:
    entries = {(name, value): 1.0 for name, values in zip(RESNET.names, RESNET.values, strict=True) for value in values}
    designs = designs_and_costs(RESNET, 1)[0]
    designs[:, RESNET.names.index("depth_0")] = 1
    designs[:, RESNET.names.index("depth_1")] = 3
    table = ProfiledLayers(RESNET, entries)
    assert table.features(designs)[0, 0] == len(RESNET.names) - 4  # two blocks of a kernel and an expansion
    designs[:, 0] = 9
    with pytest.raises(DataError, match=r"the table has no kernel_0_0 = 9\n  to do: profile this layer too"):
        table.features(designs)


def test_a_layer_that_costs_less_than_nothing_is_refused() -> None:
    with pytest.raises(DataError, match=r"-1 cannot be a cost\n  where: layer_0 = 3"):
        profiled_lookup(FBNET, {("layer_0", 3): -1.0})


def test_a_table_that_tells_designs_apart_by_nothing_gives_their_mean() -> None:
    designs, costs = designs_and_costs(FBNET, 30)
    free = dict.fromkeys(PROFILED, 0.0)
    found = profiled_lookup(FBNET, free).fit(designs, costs, np.random.default_rng(0)).predict(designs)
    assert np.ptp(found.mean) == 0.0
    assert costs.min() < found.mean[0] < costs.max()
