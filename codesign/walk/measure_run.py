"""Runs `edge-runtime measure` on a plan folder, on this machine or on a board, and brings its records here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from codesign.scale.workplace import Workplace

from .board_commands import Errand, checked, copying, failed, on_board, streamed
from .measure_target import MeasureTarget
from .progress import Tick

PLAN = "plan.json"
RECORDS = "measurements.jsonl"
REMOTE_FOLDER = ".cache/edge-codesign/measure"  # in the home of whoever logs in
MEASURING = Errand(
    "measuring", "--measure", "--resume: what was measured is kept", "install OpenSSH's client, or use --measure local"
)


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
        status, told = streamed([*command, "--resume", "--json"], tick, MEASURING)
        if status != 0:
            raise failed(target, status, told, MEASURING)
        return
    there = f"{REMOTE_FOLDER}/{plan_id}"
    scp = copying(target, programs.scp)
    checked(target, on_board(target, programs.ssh, ["mkdir", "-p", there]), tick, MEASURING)
    checked(target, [*scp, str(plan_folder), f"{target.scp_login}:{there}/"], tick, MEASURING)
    measure = [target.program, "measure", f"{there}/{plan_folder.name}/{PLAN}", "--out", f"{there}/{RECORDS}"]
    status, told = streamed(on_board(target, programs.ssh, [*measure, "--resume", "--json"]), tick, MEASURING)
    pulled, why = streamed([*scp, f"{target.scp_login}:{there}/{RECORDS}", str(records)], tick, MEASURING)
    if status != 0:
        raise failed(target, status, told, MEASURING)
    if pulled != 0:
        raise failed(target, pulled, why, MEASURING)
    if tidy:
        checked(target, on_board(target, programs.ssh, ["rm", "-r", there]), tick, MEASURING)
