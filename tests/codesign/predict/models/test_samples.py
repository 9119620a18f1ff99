"""codesign/predict/models/samples.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.samples import distinct_networks
from runtime.contract.errors import DataError, ShapeError

from .boards import RESNET, designs_and_costs


def test_designs_that_differ_only_in_layers_that_are_absent_are_one_network() -> None:
    designs = designs_and_costs(RESNET, 1)[0].repeat(3, axis=0)
    depth, last_kernel = RESNET.names.index("depth_0"), RESNET.names.index("kernel_0_2")
    designs[:, depth] = (2, 2, 3)
    designs[:, last_kernel] = (3, 5, 7)
    found = distinct_networks(RESNET, designs, np.ones(3))
    assert found[0] == found[1] != found[2]


def test_as_many_costs_as_designs_are_needed() -> None:
    designs, costs = designs_and_costs(RESNET, 4)
    with pytest.raises(ShapeError, match=r"\(3,\) costs for 4 designs"):
        distinct_networks(RESNET, designs, costs[:3])


def test_the_first_cost_that_cannot_be_is_named_and_all_are_counted() -> None:
    designs, costs = designs_and_costs(RESNET, 4)
    costs[1:3] = (-2.0, np.nan)
    with pytest.raises(DataError, match=r"-2 cannot be a cost \(2 like it\)\n  where: sample 1"):
        distinct_networks(RESNET, designs, costs)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_networks_fit_nothing(count: int) -> None:
    designs, costs = designs_and_costs(RESNET, 2)
    with pytest.raises(DataError, match=f"{count} distinct designs fit nothing"):
        distinct_networks(RESNET, designs[:count], costs[:count])
