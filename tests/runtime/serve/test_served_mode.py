"""A mode answers with its stages, and says so where it has none."""

from __future__ import annotations

import pytest

from runtime.contract.errors import EngineError
from runtime.serve.caution import HALVED
from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import random_images


def test_a_mode_at_rest_refers_to_no_stage(served: ServedBundle) -> None:
    resting = served.modes["one-shot"].at_rest()
    assert resting.cascade is None
    assert resting.caution is served.modes["one-shot"].caution


def test_a_mode_at_rest_is_not_run(served: ServedBundle) -> None:
    resting = served.modes["balanced"].at_rest()
    with pytest.raises(EngineError, match="mode 'balanced' is not loaded"):
        resting.run(random_images(1))
    with pytest.raises(EngineError, match="mode 'balanced' is not loaded"):
        resting.run_one(random_images(1))


def test_a_mode_at_rest_remembers_to_be_cautious(served: ServedBundle) -> None:
    resting = served.modes["balanced"].at_rest()
    resting.be_cautious(HALVED)
    assert (resting.caution.level, resting.caution.cascade) == (HALVED, None)


def test_warming_up_runs_every_stage(served: ServedBundle) -> None:
    served.modes["balanced"].warm_up(random_images(1), 2)
