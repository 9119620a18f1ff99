"""TensorRT of this machine, if it can be used: its Python package, CUDA, and a GPU.

`tensorrt` comes with JetPack (python3-libnvinfer) and is no dependency: it is imported here and nowhere else. CUDA is
asked for a GPU first, since TensorRT may end the process where there is none.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from runtime.contract.errors import EngineError

from .cuda import Cuda, open_cuda
from .engine_key import BuildSite

OLDEST = (8, 5)  # execute_async_v3 and named tensors are there from then on
KEPT_MESSAGES = 12


class Messages:
    """The last warnings and errors that TensorRT logged in this process."""

    def __init__(self) -> None:
        self._kept: deque[str] = deque(maxlen=KEPT_MESSAGES)

    def note(self, message: str) -> None:
        """Keep one."""
        self._kept.append(message)

    def taken(self, otherwise: str = "TensorRT gave no reason") -> str:
        """All of them in one line, and forget them; `otherwise` where there are none."""
        told = "; ".join(dict.fromkeys(self._kept))
        self._kept.clear()
        return told or otherwise


@dataclass(frozen=True, slots=True)
class NativeTensorRt:
    """What stages and builder need of it."""

    tensorrt: Any  # the module
    cuda: Cuda
    logger: Any
    messages: Messages

    @property
    def version(self) -> str:
        """Of the library that the package loads."""
        return str(self.tensorrt.__version__)

    def site(self, board: BuildSite) -> BuildSite:
        """Where engines are built and used: the board, its GPU, and this version of TensorRT."""
        return replace(board, tensorrt=self.version, gpu=self.cuda.kind_of_gpu())


def native_tensorrt(load: Callable[[str], Any] = importlib.import_module) -> NativeTensorRt:
    """TensorRT, ready to load engines. Raises EngineError with the reason where it cannot be used."""
    cuda = open_cuda()
    try:
        module = load("tensorrt")
    except (ImportError, OSError) as error:  # OSError: the package is here, its library is not
        raise EngineError(
            f"TensorRT's Python package cannot be imported: {error}",
            to_do="install python3-libnvinfer of this JetPack, and let the virtual environment see system packages",
        ) from error
    if version_of(module) < OLDEST:
        raise EngineError(
            f"TensorRT {_version_text(module)} is too old: stages need {OLDEST[0]}.{OLDEST[1]} or later",
            to_do="update JetPack, or use --provider cpu",
        )
    logger, messages = _listening(module)
    return NativeTensorRt(module, cuda, logger, messages)


def version_of(module: Any) -> tuple[int, ...]:
    """Major and minor version of the package."""
    return tuple(int(part) for part in _version_text(module).split(".")[:2] if part.isdigit())


def _version_text(module: Any) -> str:
    return str(getattr(module, "__version__", "0"))  # an empty folder of that name can be imported, too


@cache  # TensorRT takes one logger in a process: of a second one it hears nothing
def _listening(module: Any) -> tuple[Any, Messages]:
    messages = Messages()
    worth_keeping = (
        module.ILogger.Severity.INTERNAL_ERROR,
        module.ILogger.Severity.ERROR,
        module.ILogger.Severity.WARNING,
    )

    class Logger(module.ILogger):  # type: ignore[misc]  # a class of the module that was just loaded
        def __init__(self) -> None:
            module.ILogger.__init__(self)  # pybind wants it called by name

        def log(self, severity: Any, message: str) -> None:
            if severity in worth_keeping:
                messages.note(message)

    return Logger(), messages
