"""Numbers as a person reads them: the one place where SI turns into mJ, ms and MHz."""

from __future__ import annotations

import math
from datetime import datetime

from runtime.contract.operating_point import OperatingPoint

NBSP = "\u00a0"
MINUS = "−"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SAME = 0.0005  # savings under a twentieth of a per cent are below what any of these models resolve


def significant(value: float, digits: int = 3) -> str:
    """`value` with at least `digits` significant digits, never in exponent form, thousands set apart."""
    if value == 0.0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals and abs(round(value, decimals)) >= 10 ** (digits - decimals):  # 9.996 rounds up into another decade
        decimals -= 1
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def energy_text(energy_j: float) -> str:
    """Joules in mJ."""
    return f"{significant(energy_j * 1e3)}{NBSP}mJ"


def latency_text(latency_s: float) -> str:
    """Seconds in ms."""
    return f"{significant(latency_s * 1e3)}{NBSP}ms"


def clocks_text(point: OperatingPoint) -> str:
    """Hertz in MHz."""
    mhz = (f"{name}{NBSP}{hz / 1e6:,.0f}" for name, hz in _clocks(point))
    return f"{' · '.join(mhz)}{NBSP}MHz"


def _clocks(point: OperatingPoint) -> tuple[tuple[str, int], ...]:
    return (("CPU", point.cpu_hz), ("GPU", point.gpu_hz), ("EMC", point.emc_hz))


def macs_text(macs: float) -> str:
    """Multiply-accumulates in thousands, millions or billions."""
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if macs >= 0.9995 * scale:
            return f"{significant(macs / scale)}{NBSP}{letter}"
    return significant(macs)


def accuracy_digits(images: int) -> int:
    """Decimals of a percentage that `images` test images can tell apart: one up to 2,000, two above."""
    return 1 if images <= 2000 else 2


def percent_text(fraction: float, digits: int = 1) -> str:
    """A fraction in per cent."""
    return f"{fraction * 100:.{digits}f}{NBSP}%".replace("-", MINUS)


def share_text(fraction: float) -> str:
    """A share in whole per cent, with a decimal where whole ones would hide it: neither 0 nor 100 unless exactly so."""
    if 0.0 < fraction < 0.001:
        return f"<0.1{NBSP}%"
    if 0.999 < fraction < 1.0:
        return f">99.9{NBSP}%"
    return f"{fraction * 100:.{1 if 0.0 < fraction < 0.0995 or 0.995 <= fraction < 1.0 else 0}f}{NBSP}%"


def magnitude_text(fraction: float) -> str:
    """The size of a relative change in per cent, without its sign: one decimal below ten per cent."""
    percent = abs(fraction) * 100
    return f"{percent:,.1f}{NBSP}%" if percent < 9.95 else f"{percent:,.0f}{NBSP}%"


def change_text(change: float) -> str:
    """A relative change in per cent with its sign; plus-minus nought where it is below resolution."""
    if abs(change) < SAME:
        return f"±0{NBSP}%"
    return f"{'+' if change > 0 else MINUS}{magnitude_text(change)}"


def points_text(difference: float, digits: int = 1) -> str:
    """A difference of two fractions in percentage points, signed."""
    size = f"{abs(difference) * 100:.{digits}f}"
    if float(size) == 0.0:
        return "±0 points"
    return f"{'+' if difference > 0 else MINUS}{size} points"


def rate_text(rate_hz: float) -> str:
    """A request rate in words."""
    return f"{significant(rate_hz, 2) if rate_hz < 10 else f'{rate_hz:,.0f}'} requests/s"


def duration_text(duration_s: float) -> str:
    """Seconds as a person says them."""
    if duration_s < 59.95:
        return f"{duration_s:.1f}{NBSP}s"
    minutes, seconds = divmod(round(duration_s), 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min {seconds}{NBSP}s"
    return f"{minutes // 60}{NBSP}h {minutes % 60}{NBSP}min"


def size_text(size_bytes: float) -> str:
    """Bytes in MB or GB."""
    gigabytes = size_bytes / 1e9
    return f"{significant(gigabytes)}{NBSP}GB" if gigabytes >= 1 else f"{size_bytes / 1e6:,.0f}{NBSP}MB"


def interval(fraction: float, images: int) -> tuple[float, float]:
    """95 % Wilson score interval of a share observed on `images` images (Wilson, JASA 1927)."""
    z = 1.959963984540054
    spread = z * math.sqrt(fraction * (1 - fraction) / images + z * z / (4 * images * images))
    centre, scale = fraction + z * z / (2 * images), 1 + z * z / images
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def power_text(value: float) -> str:
    """A tiny number as a power of ten."""
    if value == 0.0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}{NBSP}×{NBSP}10{str(int(exponent)).translate(SUPERSCRIPT)}"


def date_text(iso: str) -> str:
    """An ISO 8601 time as a date and a time of day."""
    moment = datetime.fromisoformat(iso)
    zone = "" if moment.tzinfo is None else f" {moment.tzname()}"
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"
