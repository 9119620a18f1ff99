"""TensorRT is used where it can be, and otherwise it is said why not."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from runtime.contract.errors import EngineError
from runtime.engine import native_tensorrt as module
from runtime.engine.cuda import Cuda
from runtime.engine.engine_key import BuildSite
from runtime.engine.native_tensorrt import Messages, native_tensorrt
from tests.cuda_double import CudaDouble
from tests.trt_double import TensorRtDouble, use
from tests.trt_kinds_double import Severity


def test_its_version_and_its_gpu_make_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble("8.6.2"))
    site = native_tensorrt().site(BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248"))
    assert site == BuildSite("8.6.2", "36.5.0", "nvidia,tegra234", "248", "sm_87, 8 processors")


def test_there_is_one_logger_however_often_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    assert native_tensorrt().logger is native_tensorrt().logger


def test_what_tensorrt_warns_of_is_kept_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    double = use(monkeypatch, TensorRtDouble())
    native = native_tensorrt()
    native.tensorrt.Runtime(native.logger)
    double.error("something is wrong")
    double.say(Severity.INFO, "something is said")
    assert native.messages.taken() == "something is wrong"
    assert native.messages.taken() == "TensorRT gave no reason"


def test_of_many_messages_the_last_are_kept_and_none_twice() -> None:
    messages = Messages()
    for count in range(30):
        messages.note(f"message {count // 2}")
    assert messages.taken(otherwise="").split("; ") == [f"message {count}" for count in range(9, 15)]


def test_without_the_package_the_error_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_cuda", lambda: Cuda(CudaDouble()))

    def absent(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    with pytest.raises(EngineError, match=r"cannot be imported: No module named 'tensorrt'(.|\n)*python3-libnvinfer"):
        native_tensorrt(absent)


def test_a_version_without_named_tensors_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_cuda", lambda: Cuda(CudaDouble()))
    old = ModuleType("tensorrt")
    vars(old)["__version__"] = "8.2.1.8"
    with pytest.raises(EngineError, match=r"TensorRT 8\.2\.1\.8 is too old: stages need 8\.5 or later"):
        native_tensorrt(lambda _: old)


def test_without_a_gpu_tensorrt_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_cuda", lambda: Cuda(CudaDouble(devices=0)))

    def load(_: str) -> Any:
        pytest.fail("it would have ended the process")

    with pytest.raises(EngineError, match="CUDA finds no GPU"):
        native_tensorrt(load)


def test_a_folder_that_happens_to_have_its_name_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_cuda", lambda: Cuda(CudaDouble()))
    with pytest.raises(EngineError, match="TensorRT 0 is too old"):
        native_tensorrt(lambda _: ModuleType("tensorrt"))  # a namespace package: it has no version
