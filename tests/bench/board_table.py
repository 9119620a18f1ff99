"""The README's table of boards, made from their profiles.

python -m tests.bench.board_table
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.boards.board_profile import BoardProfile, Support
from runtime.boards.parameter import Basis, Parameter
from runtime.boards.profile import known_boards, profile

HEADER = ("profile", "devices", "runtime", "JetPack", "Python", "latency model", "power model")
RUNS = {
    Support.RUNS: "runs on it",
    Support.CONTAINER: "runs in a container",
    Support.SIMULATED: "simulated only",
}
PYTHON = {"4": "3.6", "5": "3.8", "6": "3.10", "7": "3.12"}  # of JetPack's Ubuntu: 18.04, 20.04, 22.04, 24.04


def basis(parameters: Iterable[Parameter]) -> str:
    """How a model is known, in words: from measurements, from measurements in part, or not at all."""
    found = [parameter.basis for parameter in parameters]
    known = sum(one is not Basis.ASSUMED for one in found)
    if known == 0:
        return "assumed"
    return f"{known} of {len(found)} fitted" if known < len(found) else "fitted"


def row(board: BoardProfile) -> tuple[str, ...]:
    """One line; the models of several devices are named apart where they differ in basis."""
    latency = {device: basis(board.latency[device]) for device in board.devices}
    # Idle power is shared: a device whose own watts are all assumed is not better known for it.
    power = {
        device: basis((*board.idle, *board.active[device])) if basis(board.active[device]) != "assumed" else "assumed"
        for device in board.devices
    }
    return (
        f"`{board.name}`",
        ", ".join(f"`{device}`: {name}" for device, name in board.device_names.items()),
        RUNS[board.support],
        ", ".join(board.jetpack) or "none",
        ", ".join(dict.fromkeys(PYTHON[release.split(".")[0]] for release in board.jetpack)) or "3.10 or later",
        _said(latency),
        _said(power),
    )


def table() -> str:
    """All known boards, in Markdown."""
    rows = [HEADER, tuple("---" for _ in HEADER), *(row(profile(name)) for name in known_boards())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _said(by_device: dict[str, str]) -> str:
    if len(set(by_device.values())) == 1:
        return next(iter(by_device.values()))
    return "; ".join(f"`{device}`: {said}" for device, said in by_device.items())


if __name__ == "__main__":
    print(table())
