"""ONNX Runtime as it behaves where it was built with a GPU's providers, computing on the CPU all the same.

Modelled on onnxruntime 1.31's InferenceSession: a provider whose libraries cannot be loaded is left out in silence, one
that fails to start raises, and then, unless `enable_fallback=0`, the session prints that and goes on with the CPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import onnxruntime
import pytest

from runtime.engine import stage

TENSORRT, CUDA, CPU = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"


class OrtDouble:
    """Stands for the module `onnxruntime`. `asked` collects what sessions were given, provider -> options."""

    ExecutionMode = onnxruntime.ExecutionMode
    SessionOptions = onnxruntime.SessionOptions
    __version__ = onnxruntime.__version__

    def __init__(
        self, available: Sequence[str] = (TENSORRT, CUDA, CPU), *, absent: Iterable[str] = (), dies: Iterable[str] = ()
    ) -> None:
        self._available, self.absent, self.dies = list(available), set(absent), set(dies)
        self.asked: list[dict[str, Mapping[str, str]]] = []
        self.sessions: list[SessionDouble] = []

    def get_available_providers(self) -> list[str]:
        return self._available

    def InferenceSession(  # noqa: N802 (the double's original is a class)
        self, model: bytes, options: Any, *, providers: Sequence[Any], enable_fallback: int = 1
    ) -> SessionDouble:
        given = dict((entry, {}) if isinstance(entry, str) else entry for entry in providers)
        if unknown := given.keys() - set(self._available):
            raise ValueError(f"Unknown provider {unknown}")
        self.asked.append(given)
        if failing := self.dies & given.keys():
            if enable_fallback:
                print("*************** EP Error ***************")
                given = {CPU: {}}
            else:
                raise RuntimeError(f"{failing.pop()} failed to start")
        session = SessionDouble(model, options, [name for name in given if name not in self.absent])
        self.sessions.append(session)
        return session


class SessionDouble:
    """A session that says it runs elsewhere and runs on the CPU."""

    def __init__(self, model: bytes, options: Any, providers: list[str]) -> None:
        self._real = onnxruntime.InferenceSession(model, options, providers=[CPU])
        self._providers, self.falls_back = providers, True
        self.get_inputs, self.get_outputs, self.run = self._real.get_inputs, self._real.get_outputs, self._real.run

    def get_providers(self) -> list[str]:
        return self._providers

    def disable_fallback(self) -> None:
        self.falls_back = False


def use(monkeypatch: pytest.MonkeyPatch, double: OrtDouble) -> OrtDouble:
    """Have stages run on the double."""
    monkeypatch.setattr(stage, "onnxruntime", double)
    return double
