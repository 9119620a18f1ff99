"""`import runtime` is quick and brings nothing along."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys, time
start = time.process_time()
import runtime
{use}
print(json.dumps([time.process_time() - start, sorted(sys.modules)]))
"""
LIMIT_S = 0.5


def imported(use: str) -> tuple[float, set[str]]:
    """Least CPU time of three imports in a fresh interpreter, and the modules of the last."""
    runs = [
        json.loads(
            subprocess.run([sys.executable, "-c", PROBE.format(use=use)], capture_output=True, check=True).stdout
        )
        for _ in range(3)
    ]
    return min(seconds for seconds, _ in runs), set(runs[-1][1])


def test_importing_the_package_loads_nothing_heavy() -> None:
    seconds, modules = imported("")
    assert seconds < LIMIT_S
    assert not modules & {"torch", "onnx", "onnxruntime", "numpy", "rich", "PIL"}


def test_opening_bundles_needs_no_torch_and_half_a_second_at_most() -> None:
    seconds, modules = imported("runtime.open_bundle")
    assert seconds < LIMIT_S
    assert "onnxruntime" in modules
    assert not modules & {"torch", "onnx", "rich", "PIL", "codesign"}


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_asking_for_help_loads_no_onnx_runtime(arguments: list[str]) -> None:
    use = f"""
from runtime.commands.main import main
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        main({arguments!r})
    except SystemExit:
        pass
"""
    seconds, modules = imported(use)
    assert seconds < LIMIT_S
    assert not modules & {"torch", "onnxruntime", "numpy", "rich"}
