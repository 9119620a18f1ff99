"""What must hold of a board's clocks whatever anyone writes."""

from __future__ import annotations

from runtime.contract.operating_point import OperatingPoint

from .machine import Machine


def not_allowed(machine: Machine, points: tuple[OperatingPoint, ...] | None) -> tuple[str, ...]:
    """Sentences; see `BehaviouralTree.allowed`."""
    wrong: list[str] = []
    tables_hz = {
        "gpu": machine.profile.gpu.hz,
        "emc": machine.profile.emc.hz,
        **{policy.clock: policy.table_hz for policy in machine.cores.policies},
    }
    for clock, hz in machine.truth.clocks_hz.items():
        if hz not in (0, *tables_hz[clock]):
            wrong.append(f"{clock} runs at {hz} Hz, which is no table entry")
    if points is not None:
        wrong += _strangers(machine, points)
    return tuple(wrong)


def _strangers(machine: Machine, points: tuple[OperatingPoint, ...]) -> list[str]:
    known = {name: {getattr(point, name) for point in points} | {0} for name in ("cpu_hz", "gpu_hz", "emc_hz")}
    return [
        f"{name} was {getattr(point, name)} at {at_s:.3f} s"
        for at_s, point in machine.truth.history
        for name, values in known.items()
        if getattr(point, name) not in values
    ]
