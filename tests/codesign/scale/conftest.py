"""Every workplace in turn."""

from __future__ import annotations

import pytest

from codesign.scale.in_process import InProcess
from codesign.scale.workplace import Workplace


@pytest.fixture(params=["in process", "ray"])
def workplace(request: pytest.FixtureRequest) -> Workplace:
    """An implementation."""
    if request.param == "in process":
        return InProcess()
    found: Workplace = request.getfixturevalue("cluster")
    return found
