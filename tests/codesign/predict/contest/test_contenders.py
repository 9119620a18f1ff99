"""codesign/predict/contest/contenders.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.contest.contenders import contenders
from codesign.predict.costs.cost_table import CostTable
from codesign.predict.costs.genes import Genes
from codesign.predict.models.models import pairs_for
from runtime.contract.errors import ConfigError

GENOME = np.random.default_rng(0).integers(0, 3, size=(30, 4))
GENES = Genes.named([f"op_{number}" for number in range(4)], ("a", "b", "c"))
TABLE = CostTable(GENOME, GENES, ("x", "y"), 1e-3 + GENOME[:, :2].T * 1e-3, None, None, np.arange(30))
NO_BOARDS = TABLE.latency_s[:0]


def test_the_house_model_comes_first_and_every_possible_pair_after() -> None:
    found = contenders(TABLE, NO_BOARDS, None)
    assert (found[0].model, found[0].encoding) == ("house", "own")
    assert [(one.model, one.encoding) for one in found[1:]] == list(pairs_for(GENES))


def test_known_boards_bring_the_plainest_transfer_beside_the_house_one() -> None:
    assert [one.model for one in contenders(TABLE, TABLE.latency_s, None)][:2] == ["house", "nearest-source"]


def test_only_wanted_models_run_and_an_unknown_one_is_said() -> None:
    assert {one.model for one in contenders(TABLE, NO_BOARDS, ("ridge", "house"))} == {"house", "ridge"}
    with pytest.raises(ConfigError, match=r"there is no model 'nearest-source'"):
        contenders(TABLE, NO_BOARDS, ("nearest-source",))


def test_each_makes_a_predictor_that_can_be_fitted() -> None:
    for one in contenders(TABLE, TABLE.latency_s, ("house", "nearest-source", "ridge")):
        fitted = one.make().fit(GENOME, TABLE.latency_s[0], np.random.default_rng(0))
        assert len(fitted.predict(GENOME).mean) == 30
