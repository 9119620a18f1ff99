"""codesign/predict/encodings/whole_network.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.encodings.whole_network import whole_network

from .spaces import GENES


def test_a_number_is_a_share_of_its_greatest_value_and_its_square() -> None:
    rest = whole_network(GENES["ofa"])
    designs = np.zeros((2, 46), dtype=int)
    designs[:, -1] = [112, 224]
    assert rest.columns == ("resolution", "resolution squared")
    assert rest.features(designs).tolist() == [[0.5, 0.25], [1.0, 1.0]]


def test_a_choice_is_one_hot() -> None:
    rest = whole_network(GENES["plain choices"])
    assert rest.columns == ("a: conv", "a: pool")
    assert rest.features(np.array([[0, 1, 1], [1, 0, 0]])).tolist() == [[1, 0], [0, 1]]


def test_a_depth_that_counts_blocks_is_not_said_twice_and_one_on_its_own_is_said() -> None:
    assert whole_network(GENES["resnet"]).columns == ()
    assert whole_network(GENES["densenet"]).columns == ()
    assert whole_network(GENES["depths only"]).columns == (
        "depth_0", "depth_0 squared", "depth_1", "depth_1 squared",
    )  # fmt: skip
