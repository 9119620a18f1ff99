"""What is minimised is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas.dynamics import Designs
from codesign.search.hadas.objectives import judge_of
from codesign.search.hadas.reported import dynamics_of
from runtime.contract.errors import ConfigError
from tests.codesign.search.records import record, solver

DESIGNS = Designs(np.asarray([1, 3, 0]), np.asarray([0, 2, 5]), np.asarray([0, 4, 7]))


def test_the_published_pair_is_energy_gain_under_ideal_leaving_and_mean_right_share() -> None:
    dynamics = dynamics_of(record((0,)), solver())
    found = judge_of(dynamics, "published")(DESIGNS)
    np.testing.assert_allclose(found[:, 0], dynamics.ideal(DESIGNS).energy_j / dynamics.static_energy_j - 1.0)
    np.testing.assert_allclose(found[:, 1], -dynamics.mean_right_share(DESIGNS.mask))


def test_the_real_pair_is_error_and_energy_of_the_policy() -> None:
    dynamics = dynamics_of(record((0,)), solver())
    real = dynamics.real(DESIGNS)
    np.testing.assert_array_equal(judge_of(dynamics, "real")(DESIGNS), np.stack([1 - real.accuracy, real.energy_j], 1))


def test_other_objectives_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown objectives"):
        judge_of(dynamics_of(record((0,)), solver()), "other")  # type: ignore[arg-type]
