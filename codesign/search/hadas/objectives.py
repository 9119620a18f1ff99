"""What an inner engine minimises: HADAS's published pair under ideal leaving, or error and energy in truth."""

from __future__ import annotations

from typing import Literal

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError

from .dynamics import Designs, Dynamics
from .inner_engine import Judge

Objectives = Literal["published", "real"]
# Twice the energy of the static network and nothing right: exits with heads can cost more than they save.
PUBLISHED_REFERENCE = np.asarray([1.0, 0.0])


def judge_of(dynamics: Dynamics, objectives: Objectives) -> Judge:
    """How designs of one backbone are judged.

    Raises:
        ConfigError: other objectives than the two.
    """
    if objectives not in ("published", "real"):
        raise ConfigError(f"unknown objectives {objectives!r}; use published or real")

    def published(designs: Designs) -> FloatArray:
        return published_pair(dynamics, designs)

    def real(designs: Designs) -> FloatArray:
        found = dynamics.real(designs)
        return np.stack([1.0 - found.accuracy, found.energy_j], axis=1)

    return published if objectives == "published" else real


def published_pair(dynamics: Dynamics, designs: Designs) -> FloatArray:
    """(designs, 2): minus the energy gain 1 - E/E_b and minus the mean N_i of the kept exits (HADAS, Fig. 5).

    E is the *oracle's*: every sample leaves at the first kept exit that happens to be right.
    """
    gain = 1.0 - dynamics.ideal(designs).energy_j / dynamics.static_energy_j
    return np.stack([-gain, -dynamics.mean_right_share(designs.mask)], axis=1)
