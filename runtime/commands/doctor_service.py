"""Whether powerd answers, and whether what is installed can run here as it was compiled."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.boards.sysfs.io import why_not
from runtime.contract.errors import EdgeCodesignError
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint
from runtime.install.status import status
from runtime.powerd.protocol import MAX_MESSAGE_BYTES, Malformed, encoded, table_of

CLOCK_NAMES = ("cpu", "gpu", "emc")
ANSWER_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Powerd:
    """The process that may set clocks, as this user finds it."""

    socket: str
    reachable: bool  # it answered
    serves: bool  # it answered this user with its status
    why_not: str | None  # None: it serves
    status: Mapping[str, Any] | None  # its own words


@dataclass(frozen=True, slots=True)
class BundlePoint:
    """The clocks of one mode, and whether they can be had here."""

    mode: str
    point: OperatingPoint
    settable: bool | None  # None: this machine's clocks are not known
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Installed:
    """The current bundle under the install root."""

    root: str
    bundle_id: str | None  # None: nothing is installed
    compiled_for: str | None
    fits: bool | None  # compiled for this board; None where either is not known
    points: tuple[BundlePoint, ...]
    error: str | None  # why it cannot be used, or even be looked at


def ask_powerd(path: str, timeout_s: float = ANSWER_TIMEOUT_S) -> Powerd:
    """Connect, ask for the status, and hang up; takes no lease and changes nothing."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout_s)
            line.connect(path)
            with suppress(BrokenPipeError, ConnectionResetError):  # it refused this user and hung up: read why
                line.sendall(encoded({"op": "status"}))
            answer = table_of(_line_from(line))
    except TimeoutError:
        return Powerd(path, reachable=False, serves=False, why_not="does not answer in time", status=None)
    except FileNotFoundError:
        return Powerd(path, reachable=False, serves=False, why_not="is not running: there is no socket", status=None)
    except ConnectionRefusedError:
        return Powerd(path, reachable=False, serves=False, why_not="is not running: a dead socket is left", status=None)
    except PermissionError:
        why = "this user may not speak to it: it is not in the socket's group"
        return Powerd(path, reachable=False, serves=False, why_not=why, status=None)
    except OSError as error:
        return Powerd(path, reachable=False, serves=False, why_not=why_not(error), status=None)
    except Malformed as error:
        return Powerd(path, reachable=True, serves=False, why_not=f"speaks another protocol: {error}", status=None)
    if answer.get("ok") is not True:
        error_table = answer.get("error")
        what = error_table.get("what") if isinstance(error_table, dict) else None
        return Powerd(path, reachable=True, serves=False, why_not=f"refuses: {what or 'without a reason'}", status=None)
    told = {key: value for key, value in answer.items() if key not in ("v", "ok")}
    return Powerd(path, reachable=True, serves=True, why_not=None, status=told)


def sets_clocks(powerd: Powerd) -> bool:
    """Whether clocks can be set through it; a powerd that found no clocks holds none now."""
    return (powerd.status or {}).get("current") is not None


def holds_clocks(powerd: Powerd) -> bool:
    """Whether it holds clocks at a point for someone now."""
    return (powerd.status or {}).get("held") is not None


def look_at_installed(
    root: Path, board: str | None, why_not_settable: Callable[[OperatingPoint], str | None] | None
) -> Installed:
    """The current bundle, whole or not.

    Args:
        board: name of this machine's profile, if it has one.
        why_not_settable: what keeps a point from being held here, or None; itself None where clocks are not known.
    """
    try:
        found = status(root)
    except EdgeCodesignError as error:
        return Installed(str(root), None, None, None, (), error.what)
    except OSError as error:
        return Installed(str(root), None, None, None, (), f"{root} cannot be read: {why_not(error)}")
    if found.manifest is None:
        return Installed(str(root), None, None, None, (), None)
    points = []
    for mode in found.modes:
        why = None if why_not_settable is None else why_not_settable(mode.operating_point)
        settable = None if why_not_settable is None else why is None
        points.append(BundlePoint(mode.name, mode.operating_point, settable, why))
    compiled_for = found.manifest.board
    fits = None if board is None else compiled_for == board
    return Installed(str(root), found.manifest.bundle_id, compiled_for, fits, tuple(points), None)


def point_judge(
    tables_hz: Mapping[str, tuple[int, ...] | None],
    reasons: Mapping[str, str | None],
    limits_hz: Mapping[str, int | None],
) -> Callable[[OperatingPoint], str | None]:
    """What keeps a point from being held: the first clock that cannot take it, in words; None where nothing does.

    A clock that stands where the point wants it, and cannot be set, still counts: its governor may move it at any time.

    Args:
        tables_hz: frequencies of each clock (cpu, gpu, emc); empty for a clock that the machine lacks, None where
            this user may not see them.
        reasons: why a clock cannot be set; None where it can.
        limits_hz: the cap of each clock now, as a power mode or the heat has it; None where there is none.
    """

    def why(point: OperatingPoint) -> str | None:
        for name in CLOCK_NAMES:
            asked_hz, table_hz = getattr(point, f"{name}_hz"), tables_hz.get(name)
            if asked_hz == ABSENT_HZ:
                continue
            said = f"{name.upper()} at {asked_hz / 1e6:.0f} MHz"
            if table_hz == ():
                return f"{said}: this machine shows no such clock"
            if table_hz is not None and asked_hz not in table_hz:
                return f"{said}: not in this machine's table"
            if (reason := reasons.get(name)) is not None:
                return f"{said}: {reason}"
            if (cap_hz := limits_hz.get(name)) is not None and asked_hz > cap_hz:
                return f"{said}: capped at {cap_hz / 1e6:.0f} MHz now, by the power mode, by heat, or by who pinned it"
        return None

    return why


def _line_from(line: socket.socket) -> bytes:
    """What came up to a line's end, or until it hung up: then it is no whole message, and is judged as such."""
    received = b""
    with suppress(ConnectionResetError):
        while not received.endswith(b"\n") and len(received) <= MAX_MESSAGE_BYTES:
            if not (part := line.recv(4096)):
                break
            received += part
    return received
