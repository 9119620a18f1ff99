"""What is installed is said as it is, whatever happens while looking."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import onnxruntime
import pytest

from runtime.commands.doctor_software import OURS, look_at_software, onnx_runtime, tensorrt, versions


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


def test_versions_of_what_is_installed_and_none_for_what_is_not() -> None:
    found = versions((OURS, "numpy", "no-such-package-anywhere"))
    assert found[OURS] == "0.1.0"
    assert found["numpy"]
    assert found["no-such-package-anywhere"] is None


def test_onnx_runtime_tells_its_providers() -> None:
    found = onnx_runtime()
    assert found.version == onnxruntime.__version__
    assert "CPUExecutionProvider" in found.providers
    assert found.why_not is None


@pytest.mark.parametrize("error", [ImportError("libcudart.so.12: cannot open"), OSError("wrong ELF class")])
def test_an_onnx_runtime_for_another_machine_is_said_not_raised(error: Exception) -> None:
    def load(_: str) -> object:
        raise error

    found = onnx_runtime(load)
    assert found.version is None
    assert found.why_not == f"cannot be imported: {error}"


def test_a_folder_called_onnxruntime_is_not_taken_for_it() -> None:
    assert "something else by that name" in str(onnx_runtime(lambda _: SimpleNamespace()).why_not)


def test_tensorrt_that_is_not_installed_is_not_looked_at() -> None:
    assert tensorrt(("/no/such/program",), installed=False).why_not == "not installed"


def test_tensorrt_here_is_as_python_finds_it() -> None:
    assert tensorrt(python("print('10.3.0')")).version in (None, "10.3.0")


def test_the_last_line_is_the_version() -> None:
    found = tensorrt(python("print('a greeting'); print('10.3.0')"), installed=True)
    assert (found.version, found.why_not) == ("10.3.0", None)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "dies when it is used: SIGSEGV"),
        ("raise RuntimeError('CUDA error 35')", "fails when it is used: RuntimeError: CUDA error 35"),
        ("pass", "fails when it is used: status 0"),
        ("import time; time.sleep(60)", "did not answer within 0.2 s"),
    ],
)
def test_tensorrt_that_dies_fails_or_hangs_does_so_in_its_own_process(program: str, why: str) -> None:
    timeout_s = 0.2 if "sleep" in program else 30.0
    found = tensorrt(python(program), installed=True, timeout_s=timeout_s)
    assert (found.version, found.why_not) == (None, why)


def test_a_signal_without_a_name_has_its_number() -> None:
    program = "import os; os.kill(os.getpid(), 40)"
    assert tensorrt(python(program), installed=True).why_not == "dies when it is used: signal 40"


def test_a_python_that_cannot_be_started_is_said() -> None:
    assert "No such file" in str(tensorrt(("/no/such/program",), installed=True).why_not)


def test_everything_together() -> None:
    found = look_at_software()
    assert [backend.name for backend in found.backends] == ["ONNX Runtime", "TensorRT"]
    assert found.python.startswith("3.")
    assert OURS in found.versions


def test_modules_of_the_folder_one_happens_to_be_in_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runtime.py").write_text("raise SystemExit('somebody else is at work')")
    monkeypatch.chdir(tmp_path)
    assert "somebody else" not in str(tensorrt(installed=True).why_not)
