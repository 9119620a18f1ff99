"""codesign/predict/models/layer_sums.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.space_work import layer_works
from codesign.predict.models.layer_sums import layer_sums, work_and_traffic
from runtime.contract.errors import ConfigError

from .boards import FBNET, RESNET, designs_and_costs


def test_work_and_traffic_are_millions_over_all_layers() -> None:
    designs = designs_and_costs(FBNET, 5)[0]
    encoding = layer_sums(FBNET, work_and_traffic)
    works = layer_works(FBNET, designs)
    assert works is not None
    assert encoding.columns == ("macs", "read", "written")
    found = encoding.features(designs)
    assert found[:, 0] == pytest.approx(works.macs.sum(axis=1) / 1e6)
    assert found[:, 1:].sum(axis=1) == pytest.approx(
        (works.input_values + works.weights + works.output_values).sum(axis=1) / 1e6
    )


def test_a_space_whose_layers_are_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"the layers around these genes are not known\n  to do: choose a model"):
        layer_sums(RESNET, work_and_traffic)


def test_no_designs_have_no_sums() -> None:
    assert layer_sums(FBNET, work_and_traffic).features(np.zeros((0, 22), dtype=np.int64)).shape == (0, 3)
