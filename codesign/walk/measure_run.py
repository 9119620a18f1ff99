"""Runs `edge-runtime measure` on a plan folder, on this machine or on a board, and brings its records here."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codesign.scale.workplace import Workplace
from runtime.contract.errors import BoardError, StorageError

from .measure_target import MeasureTarget
from .progress import Tick

PLAN = "plan.json"
RECORDS = "measurements.jsonl"
REMOTE_FOLDER = ".cache/edge-codesign/measure"  # in the home of whoever logs in
PROGRESS = re.compile(r"(\d+)/(\d+) (.*)")
TOLD_LINES = 8  # of what a failed command said
CONNECTION_FAILED = 255  # ssh's own exit status
OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15")


@dataclass(frozen=True, slots=True)
class Programs:
    """The two programs of OpenSSH, and the cluster whose nodes run them, if that is not done here."""

    ssh: str = "ssh"
    scp: str = "scp"
    workplace: Workplace | None = None


def run_plan(
    target: MeasureTarget,
    plan_folder: Path,
    plan_id: str,
    records: Path,
    tick: Tick,
    programs: Programs,
    *,
    tidy: bool = False,
) -> None:
    """Measure what `records` does not hold yet; a run that breaks off leaves there what was measured.

    Args:
        plan_folder: holds `plan.json` and its stage files.
        plan_id: names the plan on the board, so that a later run goes on with it.
        tidy: remove the plan and its records from the board once they are here.
    Raises:
        BoardError: the board cannot be reached, or the command fails there.
        StorageError: ssh is not installed here.
    """
    if target.host is None:
        command = [sys.executable, "-m", "runtime", "measure", str(plan_folder / PLAN), "--out", str(records)]
        status, told = _streamed([*command, "--resume", "--json"], tick)
        if status != 0:
            raise _failed(target, status, told)
        return
    there = f"{REMOTE_FOLDER}/{plan_id}"
    port = [] if target.port is None else [str(target.port)]
    ssh = [programs.ssh, *OPTIONS, *(option for p in port for option in ("-p", p)), "--", target.login]
    scp = [programs.scp, "-q", "-r", *OPTIONS, *(option for p in port for option in ("-P", p)), "--"]
    _checked(target, [*ssh, shlex.join(["mkdir", "-p", there])], tick)
    _checked(target, [*scp, str(plan_folder), f"{target.scp_login}:{there}/"], tick)
    measure = [target.program, "measure", f"{there}/{plan_folder.name}/{PLAN}", "--out", f"{there}/{RECORDS}"]
    status, told = _streamed([*ssh, shlex.join([*measure, "--resume", "--json"])], tick)
    pulled, why = _streamed([*scp, f"{target.scp_login}:{there}/{RECORDS}", str(records)], tick)
    if status != 0:
        raise _failed(target, status, told)
    if pulled != 0:
        raise _failed(target, pulled, why)
    if tidy:
        _checked(target, [*ssh, shlex.join(["rm", "-r", there])], tick)


def _checked(target: MeasureTarget, command: Sequence[str], tick: Tick) -> None:
    status, told = _streamed(command, tick)
    if status != 0:
        raise _failed(target, status, told)


def _streamed(command: Sequence[str], tick: Tick) -> tuple[int, str]:
    """Run a command; its exit status, and the last lines it said that were not progress."""
    told: deque[str] = deque(maxlen=TOLD_LINES)
    try:
        process = subprocess.Popen(  # noqa: S603 (a list without a shell, its parts checked by measure_target)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise StorageError(
            f"cannot run {command[0]!r}: {error.strerror}", to_do="install OpenSSH's client, or use --measure local"
        ) from error
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


def _failed(target: MeasureTarget, status: int, told: str) -> BoardError:
    if target.host is not None and status == CONNECTION_FAILED:
        port = "" if target.port is None else f"-p {target.port} "
        to_do = (
            f"make `ssh -o BatchMode=yes {port}{target.login} true` work: an ssh server runs there, its host key is "
            "accepted here, and it knows your key; then --resume"
        )
        return BoardError(f"cannot reach {target.login}\n    {told}", where="--measure", to_do=to_do)
    return BoardError(
        f"measuring on {target} failed with status {status}\n    {told}",
        where="--measure",
        to_do="mend this, then --resume: what was measured is kept",
    )
