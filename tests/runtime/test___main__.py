"""`python -m runtime` is `edge-runtime`, status and all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-m", "runtime", *arguments], capture_output=True, text=True, cwd=root, check=False
    )


def test_help_is_that_of_the_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "usage: edge-runtime" in done.stdout


def test_a_failure_becomes_the_exit_status(tmp_path: Path) -> None:
    done = run("install", str(tmp_path), "--root", str(tmp_path / "root"))
    assert done.returncode == 2
    assert done.stderr.startswith("edge-runtime: ")
    assert "Traceback" not in done.stderr
