"""codesign/stages/layers.py"""

from __future__ import annotations

import numpy as np

from codesign.stages.layers import weighed_layers
from tests.codesign.user_networks import model_of, residual_network


def test_convolutions_and_products_with_weights_are_layers_in_the_order_of_the_graph() -> None:
    assert weighed_layers(residual_network(blocks=2)) == ("stem", "c0", "d0", "c1", "d1", "scores")


def test_a_product_of_two_activations_is_none() -> None:
    square = np.eye(4, dtype=np.float32)
    nodes = [("MatMul", ["x", "w"], ["y"], {}), ("MatMul", ["y", "y"], ["scores"], {})]
    assert weighed_layers(model_of(nodes, {"w": square}, image=("n", 3, 4, 4))) == ("y",)
