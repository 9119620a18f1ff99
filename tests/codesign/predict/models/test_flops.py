"""codesign/predict/models/flops.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.space_work import layer_works
from codesign.predict.models.flops import flops
from runtime.contract.errors import ConfigError

from .boards import FBNET, RESNET, designs_and_costs


def test_a_board_of_constant_speed_is_predicted_exactly() -> None:
    designs = designs_and_costs(FBNET, 60)[0]
    works = layer_works(FBNET, designs)
    assert works is not None
    costs = 0.002 + works.macs.sum(axis=1) / 1e11
    fitted = flops(FBNET).fit(designs[:20], costs[:20], np.random.default_rng(0))
    assert fitted.predict(designs[20:]).mean == pytest.approx(costs[20:])


def test_more_operations_never_cost_less() -> None:
    designs, costs = designs_and_costs(FBNET, 100)
    fitted = flops(FBNET).fit(designs, 1.0 / costs, np.random.default_rng(0))
    macs = flops(FBNET).encoding.features(designs)[:, 0]
    assert (np.diff(fitted.predict(designs[np.argsort(macs)]).mean) >= -1e-12).all()


def test_a_space_whose_layers_are_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="the layers around these genes are not known"):
        flops(RESNET)
