from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.tensor_spec import TensorSpec


def test_what_is_written_as_json_is_what_is_read() -> None:
    spec = TensorSpec(24, 32, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), layout="NHWC")
    assert TensorSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_keys_added_by_a_later_version_are_left_aside() -> None:
    assert TensorSpec.from_json(TensorSpec(2, 3).to_json() | {"colour": "BGR"}) == TensorSpec(2, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height": 0}, "an image cannot be 0 × 3 pixels"),
        ({"width": -1}, "an image cannot be 2 × -1 pixels"),
        ({"mean": (0.0,)}, "mean and std need three values"),
        ({"std": (1.0, 1.0)}, "mean and std need three values"),
        ({"std": (1.0, 0.0, 1.0)}, "std above 0"),
        ({"layout": "CHWN"}, "unknown layout 'CHWN'; use NCHW or NHWC"),
        ({"resize": "nearest"}, "unknown resize method 'nearest'; use bilinear"),
    ],
)
def test_values_that_no_image_can_have_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TensorSpec(**({"height": 2, "width": 3} | changes))
