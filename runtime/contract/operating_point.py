"""The clocks held while a bundle serves."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .errors import UnitError

SLOWEST_PLAUSIBLE_HZ = 10_000_000
ABSENT_HZ = 0


@dataclass(frozen=True, slots=True, order=True)
class OperatingPoint:
    """One row of a device's DVFS table, in hertz. Raises UnitError where a value can only be kHz or MHz.

    0 stands for a clock that the board does not have, such as the GPU of a plain workstation.
    """

    cpu_hz: int
    gpu_hz: int
    emc_hz: int  # external memory controller

    def __post_init__(self) -> None:
        for name in ("cpu_hz", "gpu_hz", "emc_hz"):
            if (hz := getattr(self, name)) != ABSENT_HZ and hz < SLOWEST_PLAUSIBLE_HZ:
                raise UnitError(f"{name}={hz} is too slow to be hertz; cpufreq files are kHz: multiply by 1000")

    def to_json(self) -> dict[str, int]:
        """The same as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, table: dict[str, int]) -> OperatingPoint:
        """Read what `to_json` wrote; keys added by later versions are left aside."""
        return cls(int(table["cpu_hz"]), int(table["gpu_hz"]), int(table["emc_hz"]))

    def __str__(self) -> str:
        clocks = (("CPU", self.cpu_hz), ("GPU", self.gpu_hz), ("EMC", self.emc_hz))
        shown = [f"{name} {hz / 1e6:.0f}" for name, hz in clocks if hz != ABSENT_HZ]
        return f"{' · '.join(shown)} MHz" if shown else "no clocks"
