"""What of the software that inference needs is here: versions, providers, and TensorRT if it survives a look."""

from __future__ import annotations

import importlib.util
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

OURS = "edge-codesign"
DEPENDENCIES = ("numpy", "onnxruntime", "onnxruntime-gpu", "rich", "pillow", "nvidia-ml-py", "jetson-stats")
TENSORRT_TIMEOUT_S = 30.0  # importing it loads some hundred MB, on a board from an SD card
# As stages open it. The runtime starts CUDA: without a driver that is where it complains, or dies.
TENSORRT_PROBE = """import sys
from runtime.contract.errors import EngineError
from runtime.engine.native_tensorrt import native_tensorrt
try:
    native = native_tensorrt()
except EngineError as error:
    sys.exit(error.what)
native.tensorrt.Runtime(native.logger)
print(native.version)
"""


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to run a stage."""

    name: str
    version: str | None  # None: not here, or not usable
    providers: tuple[str, ...]  # execution providers of ONNX Runtime; of TensorRT none
    why_not: str | None  # None: usable


@dataclass(frozen=True, slots=True)
class Software:
    """What is installed in the Python that runs this."""

    python: str
    backends: tuple[Backend, ...]
    versions: Mapping[str, str | None]  # package -> version; None: not installed


def look_at_software() -> Software:
    """Everything about this process's own Python. Takes as long as importing ONNX Runtime, and TensorRT where it is."""
    return Software(platform.python_version(), (onnx_runtime(), tensorrt()), versions())


def versions(packages: Sequence[str] = (OURS, *DEPENDENCIES)) -> dict[str, str | None]:
    """Installed versions; None where a package is not there."""
    return {name: _version(name) for name in packages}


def onnx_runtime(load: Callable[[str], object] = importlib.import_module) -> Backend:
    """ONNX Runtime, and the execution providers it was built with."""
    try:
        module = load("onnxruntime")
    except (ImportError, OSError) as error:  # a wheel for another machine fails when its library is loaded
        return Backend("ONNX Runtime", None, (), f"cannot be imported: {error}")
    version, providers = getattr(module, "__version__", None), getattr(module, "get_available_providers", None)
    if not isinstance(version, str) or not callable(providers):
        return Backend("ONNX Runtime", None, (), "something else by that name is imported in its place")
    return Backend("ONNX Runtime", version, tuple(str(name) for name in providers()), None)


def tensorrt(
    program: Sequence[str] = (sys.executable, "-c", TENSORRT_PROBE),
    *,
    installed: bool | None = None,
    timeout_s: float = TENSORRT_TIMEOUT_S,
) -> Backend:
    """TensorRT, looked at in a process of its own: where there is no GPU it may die of a segmentation fault.

    Args:
        program: imports it and prints its version on the last line.
        installed: whether Python finds the package; looked up if not given.
    """
    if not (importlib.util.find_spec("tensorrt") is not None if installed is None else installed):
        return Backend("TensorRT", None, (), "not installed")
    try:
        done = subprocess.run(  # noqa: S603 (this Python and a constant, or a test's own program)
            list(program),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            cwd="/",  # Python looks for modules there first, and a doctor may be root
        )
    except subprocess.TimeoutExpired:
        return Backend("TensorRT", None, (), f"did not answer within {timeout_s:g} s")
    except OSError as error:
        return Backend("TensorRT", None, (), f"could not be looked at: {error.strerror}")
    if done.returncode < 0:
        return Backend("TensorRT", None, (), f"dies when it is used: {_signal_name(-done.returncode)}")
    if done.returncode != 0 or not done.stdout.strip():
        complaint = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
        return Backend("TensorRT", None, (), f"fails when it is used: {complaint}")
    return Backend("TensorRT", done.stdout.strip().splitlines()[-1], (), None)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _signal_name(number: int) -> str:
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, f"signal {number}")
