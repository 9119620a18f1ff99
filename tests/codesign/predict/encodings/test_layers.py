"""codesign/predict/encodings/layers.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.space_work import layer_works
from codesign.predict.encodings.layers import BLOCK, layers
from runtime.contract.errors import ConfigError

from .spaces import GENES, random_designs


@pytest.mark.parametrize("space", ["nas-bench-201", "fbnet", "ofa"])
def test_stages_and_kinds_both_sum_up_to_the_whole(space: str) -> None:
    genes = GENES[space]
    designs = random_designs(genes, 30)
    encoding, works = layers(genes), layer_works(genes, designs)
    assert works is not None
    features = dict(zip(encoding.columns, encoding.features(designs).T, strict=True))
    np.testing.assert_allclose(features["work of all"], works.macs.sum(axis=1) / 1e6)
    for what in ("work", "traffic", "weights", "launches"):
        of_units = [features[name] for name in features if name.startswith((f"{what} of unit ", f"{what} of the ends"))]
        of_kinds = [features[f"{what} of {kind}"] for kind in set(works.kinds)]
        for parts in (of_units[: len(set(works.units))], of_kinds):
            np.testing.assert_allclose(np.sum(parts, axis=0), features[f"{what} of all"])


def test_a_board_is_bound_by_work_or_by_traffic_layer_by_layer() -> None:
    genes, designs = GENES["fbnet"], random_designs(GENES["fbnet"], 10)
    found = dict(zip(layers(genes).columns, layers(genes).features(designs).T, strict=True))
    times = [found[f"time at {balance} per value"] for balance in (3, 10, 30, 100)]
    assert (np.diff(times, axis=0) >= 0).all()
    assert (times[0] >= found["work of all"]).all()
    assert (times[-1] >= 100 * (found["traffic of all"] + found["weights of all"]) * (1 - 1e-12)).all()


def test_a_cell_is_described_with_and_without_its_dead_edges() -> None:
    dead, without = [0, 0, 0, 1, 3, 2], [0, 0, 0, 1, 0, 0]
    encoding = layers(GENES["nas-bench-201"])
    found = dict(zip(encoding.columns, encoding.features(np.array([dead, without])).T, strict=True))
    assert found["work of conv"][0] > found["work of conv"][1]
    assert found["work of conv, live"][0] == found["work of conv, live"][1]
    assert not any(name.endswith("live") for name in layers(GENES["fbnet"]).columns)


def test_many_designs_are_encoded_in_blocks_with_the_same_result() -> None:
    designs = random_designs(GENES["ofa"], BLOCK + 3)
    features = layers(GENES["ofa"]).features(designs)
    np.testing.assert_allclose(layers(GENES["ofa"]).features(designs[-5:]), features[-5:])


def test_a_space_whose_layers_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"layers around these genes are not known\n  to do: .*fcc"):
        layers(GENES["resnet"])
