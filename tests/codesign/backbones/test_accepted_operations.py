"""codesign/backbones/accepted_operations.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from codesign.backbones.accepted_operations import check_operations
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import model_of, residual_network


def test_an_ordinary_network_passes() -> None:
    check_operations(residual_network())


def test_a_scale_in_double_that_is_cast_back_passes() -> None:
    check_operations(model_of([("Cast", ["x"], ["d"], {"to": TensorProto.DOUBLE})], {"one": np.asarray(1.0)}))


TRUE = numpy_helper.from_array(np.asarray(True))
REFUSED: list[tuple[list[Any], dict[str, Any], str]] = [
    ([("Scan", ["x"], ["y"], {})], {}, r"control flow cannot be cut into stages: node 'node_0' \(Scan\)"),
    ([("DequantizeLinear", ["x"], ["y"], {})], {}, r"quantised already: node 'node_0' \(DequantizeLinear\)"),
    ([("Relu", ["x"], ["y"], {"domain": "com.vendor"})], {}, "node 'node_0' uses Relu of 'com.vendor'"),
    (
        [("RandomNormalLike", ["x"], ["y"], {})],
        {},
        r"node 'node_0' \(RandomNormalLike\) answers differently every time",
    ),
    ([("BatchNormalization", ["x"], ["y"], {"training_mode": 1})], {}, r"\(BatchNormalization\) is in training mode"),
    ([("Dropout", ["x", "", "t"], ["y"], {})], {"t": np.asarray(True)}, r"\(Dropout\) is in training mode"),
    (
        [("Constant", [], ["t"], {"value": TRUE}), ("Dropout", ["x", "", "t"], ["y"], {})],
        {},
        r"node 'node_1' \(Dropout\) is in training mode",
    ),
    ([("Cast", ["x"], ["y"], {"to": TensorProto.BFLOAT16})], {}, r"node 'node_0' \(Cast\) is BFLOAT16"),
    ([("Relu", ["x"], ["y"], {})], {"w": np.ones(3)}, "weight 'w' is DOUBLE; features and weights must be float32"),
]


@pytest.mark.parametrize(("nodes", "weights", "message"), REFUSED)
def test_an_operation_that_cannot_work_is_refused_with_its_node(
    nodes: list[Any], weights: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{message}(.|\n)*to do: "):
        check_operations(model_of(nodes, weights))
