"""Runs commands on a board that is reached by ssh, and says what went wrong there."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.contract.errors import BoardError, StorageError

from .measure_target import MeasureTarget
from .progress import Tick

PROGRESS = re.compile(r"(\d+)/(\d+) (.*)")
TOLD_LINES = 8  # of what a failed command said
CONNECTION_FAILED = 255  # ssh's own exit status
OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15")


@dataclass(frozen=True, slots=True)
class Errand:
    """What the commands are for, in words of its error messages."""

    doing: str  # such as `measuring`
    option: str  # that named the board
    again: str  # what to do once it is mended
    without_ssh: str  # what to do where this machine has no ssh


def on_board(target: MeasureTarget, ssh: str, command: Sequence[str]) -> list[str]:
    """A command to be run there, as one to be run here."""
    port = [] if target.port is None else ["-p", str(target.port)]
    return [ssh, *OPTIONS, *port, "--", target.login, shlex.join(command)]


def copying(target: MeasureTarget, scp: str) -> list[str]:
    """The beginning of a copy to or from there; what is copied lies at `target.scp_login`, a colon and its path."""
    port = [] if target.port is None else ["-P", str(target.port)]
    return [scp, "-q", "-r", *OPTIONS, *port, "--"]


def checked(target: MeasureTarget, command: Sequence[str], tick: Tick, errand: Errand) -> None:
    """Run a command. Raises BoardError where it fails, StorageError where it cannot be run here."""
    status, told = streamed(command, tick, errand)
    if status != 0:
        raise failed(target, status, told, errand)


def streamed(command: Sequence[str], tick: Tick, errand: Errand) -> tuple[int, str]:
    """Run a command; its exit status, and the last lines it said that were not progress.

    Raises StorageError where it cannot be run here.
    """
    told: deque[str] = deque(maxlen=TOLD_LINES)
    try:
        process = subprocess.Popen(  # noqa: S603 (a list without a shell, its parts checked by measure_target)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",  # a board may speak another encoding
        )
    except OSError as error:
        raise StorageError(f"cannot run {command[0]!r}: {error.strerror}", to_do=errand.without_ssh) from error
    with process:
        try:
            for line in process.stderr or ():
                if found := PROGRESS.fullmatch(line.strip()):
                    tick(int(found[1]), int(found[2]), found[3])
                elif line.strip():
                    told.append(line.rstrip())
        except BaseException:
            process.terminate()  # it puts the clocks back
            raise
    return process.returncode, "\n    ".join(told)


def failed(target: MeasureTarget, status: int, told: str, errand: Errand) -> BoardError:
    """The error of a command that ended with that status."""
    if target.host is not None and status == CONNECTION_FAILED:
        port = "" if target.port is None else f"-p {target.port} "
        to_do = (
            f"make `ssh -o BatchMode=yes {port}{target.login} true` work: an ssh server runs there, its host key is "
            f"accepted here, and it knows your key; then {errand.again}"
        )
        return BoardError(f"cannot reach {target.login}\n    {told}", where=errand.option, to_do=to_do)
    return BoardError(
        f"{errand.doing} on {target} failed with status {status}\n    {told}",
        where=errand.option,
        to_do=f"mend this, then {errand.again}",
    )
