"""What a recorder is told."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.telemetry.inference import Inference, Recording, ServedAs


def test_an_image_of_a_mode_that_is_not_cautious_left_where_it_left() -> None:
    inference = Inference(0.0, ServedAs("b", "m", (0.1,), (0.1,)), 0, 0.5, 0.2, 0.1, None)
    assert inference.usual_exit_index is None
    assert inference.usual_entropy_nats is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commit_s": 0.0}, "telemetry is committed every 0 to 3600 s"),
        ({"minute_s": 4000.0}, "telemetry is committed every 0 to 3600 s"),
        ({"keep_one_in": -1}, "cannot keep one inference in -1"),
    ],
)
def test_a_recording_that_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Recording(**changes)
