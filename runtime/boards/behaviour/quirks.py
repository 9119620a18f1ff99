"""Which of a board's bad habits the model shows; the defaults are those of a healthy board."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from runtime.boards.simulated_dynamics import SwitchingParameters, ThermalParameters

from .switching import EMC_ACCESS_S


class Debugfs(str, Enum):
    """What has become of /sys/kernel/debug."""

    MOUNTED = "mounted"
    UNMOUNTED = "unmounted"  # the folder is there and empty
    ABSENT = "absent"  # a kernel without it, or a container that hides it


@dataclass(frozen=True, slots=True)
class Quirks:
    """Parameters of the behaviours. None leaves a question to the board and its kernel."""

    debugfs: Debugfs = Debugfs.MOUNTED
    strict_limits: bool | None = None  # EINVAL where limits would cross; None: kernels before 5.10
    snapped_limits: bool = True  # devfreq limits read back as table entries, not as they were written
    gpu_railgates: bool = True  # an idle GPU goes off unless it is kept on
    gpu_missing_until_powered: bool = False  # its devfreq node appears with its first power
    in_container: bool = False  # nvpmodel says so, does nothing and succeeds
    conversion_wait: bool = True  # a read of an INA3221 waits for the running conversion
    sensor_noise_w: float = 0.0  # standard deviation of every reading of a rail
    has_battery: bool = False
    switching: SwitchingParameters | None = None  # None: the profile's
    emc_access_s: float = EMC_ACCESS_S
    thermal: ThermalParameters | None = None  # None: the profile's
    ambient_c: float = 25.0
