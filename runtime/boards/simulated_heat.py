"""The temperature of a module: one heat capacity with one way out, exact while power stays the same.

    dT/dt = (T_settled - T) / tau,  T_settled = ambient + kelvin_per_w · P

so T(t) = T_settled + (T(0) - T_settled) · exp(-t / tau), and the moment of crossing a threshold follows by a logarithm.
"""

from __future__ import annotations

import math


def temperature_after(now_c: float, settled_c: float, seconds: float, time_constant_s: float) -> float:
    """Degrees Celsius after so long at a power that would settle at `settled_c`."""
    return settled_c + (now_c - settled_c) * math.exp(-seconds / time_constant_s)


def seconds_until_above(now_c: float, settled_c: float, threshold_c: float, time_constant_s: float) -> float:
    """Seconds until the temperature is at `threshold_c` or above; 0 where it is, infinity where it never will be."""
    if now_c >= threshold_c:
        return 0.0
    if settled_c <= threshold_c:
        return math.inf
    return time_constant_s * math.log((settled_c - now_c) / (settled_c - threshold_c))


def seconds_until_below(now_c: float, settled_c: float, threshold_c: float, time_constant_s: float) -> float:
    """Seconds until the temperature is at `threshold_c` or below; 0 where it is, infinity where it never will be."""
    return seconds_until_above(-now_c, -settled_c, -threshold_c, time_constant_s)
