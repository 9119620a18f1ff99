"""The rules that follow from a bundle and the board it was compiled for, where nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.boards.board_profile import BoardProfile
from runtime.contract.errors import ConfigError
from runtime.contract.mode import Mode
from runtime.contract.promise import Promise

from .rules import Rules

CLOCKS = ("cpu", "gpu", "emc")
DEADLINE_FACTOR = 6.0  # as in the simulated days that the governor was judged on


def rules_of(modes: Mapping[str, Mode], normal: str, board: BoardProfile | None, deadline_s: float) -> Rules:
    """Serve `normal`; shed to every mode that is expected to need less energy, the most accurate first.

    Args:
        board: its switching times and throttle temperature are taken over; None: not known, so nothing is assumed of
            heat, and switches take as long as on an Orin.
        deadline_s: see `promised_deadline_s` where nobody names one.
    Raises:
        ConfigError: no such mode.
    """
    if normal not in modes:
        raise ConfigError(f"the bundle has no mode {normal!r}", to_do=f"use one of {', '.join(modes)}")
    cheaper = [name for name in modes if name != normal and _energy_j(modes[name]) < _energy_j(modes[normal])]
    cheaper.sort(key=lambda name: -_accuracy(modes[name]))
    plain = Rules(mode=normal, shed_to=tuple(cheaper), deadline_s=deadline_s)
    if board is None:
        return plain
    switching = {parameter.name: parameter.values[0] for parameter in board.switching}
    thermal = {parameter.name: parameter.values[0] for parameter in board.thermal}
    return Rules(
        mode=normal,
        shed_to=tuple(cheaper),
        deadline_s=deadline_s,
        settle_s=max(switching[f"{clock}_settle_s"] for clock in CLOCKS) or plain.settle_s,
        write_s=sum(switching[f"{clock}_write_s"] for clock in CLOCKS) or plain.write_s,
        throttle_c=thermal["throttle_c"],
    )


def promised_deadline_s(promises: Mapping[str, Promise]) -> float:
    """A deadline that the bundle's promise makes sensible: `DEADLINE_FACTOR` times its slowest mode at full depth.

    Each mode counts at its own clocks, those it was compiled for.
    """
    return DEADLINE_FACTOR * max(sum(promise.stage_latency_s) for promise in promises.values())


def _energy_j(mode: Mode) -> float:
    return mode.expected["energy_j"].value if "energy_j" in mode.expected else float("inf")


def _accuracy(mode: Mode) -> float:
    return mode.expected["accuracy"].value if "accuracy" in mode.expected else 0.0
