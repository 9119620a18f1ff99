"""Limits that let something through."""

from __future__ import annotations

import pytest

from runtime.contract.errors import ConfigError
from runtime.serve.limits import Limits


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="queue_images=0 lets nothing through"):
        Limits(queue_images=0)


def test_a_deadline_of_hours_is_refused() -> None:
    with pytest.raises(ConfigError, match="longer than 3600 s"):
        Limits(deadline_s=7200.0)
