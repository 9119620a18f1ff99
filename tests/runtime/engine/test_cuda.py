"""The CUDA runtime through ctypes: a double of the library, called as the real one is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import EngineError
from runtime.engine.cuda import Cuda, open_cuda
from tests.cuda_double import CudaDouble


def test_what_goes_in_comes_out() -> None:
    cuda = Cuda(CudaDouble())
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    address, stream = cuda.allocate(array.nbytes), cuda.stream()
    cuda.copy_in(address, array, stream)
    cuda.wait(stream)
    back = np.zeros_like(array)
    cuda.fetch(back, address)
    np.testing.assert_array_equal(back, array)


def test_a_copy_has_not_happened_before_its_stream_was_waited_for() -> None:
    cuda = Cuda(CudaDouble())
    array, back = np.ones(4, np.float32), np.zeros(4, np.float32)
    address, stream = cuda.allocate(16), cuda.stream()
    cuda.copy_in(address, array, stream)
    cuda.copy_out(back, address, stream)
    assert not back.any()
    cuda.wait(stream)
    assert back.all()


def test_a_gpu_is_known_by_its_kind() -> None:
    assert Cuda(CudaDouble(capability=(8, 7, 8))).kind_of_gpu() == "sm_87, 8 processors"


def test_a_machine_without_a_gpu_is_refused() -> None:
    with pytest.raises(EngineError, match="CUDA finds no GPU: no CUDA-capable device is detected"):
        Cuda(CudaDouble(devices=0))


def test_a_full_gpu_is_an_error_that_says_so() -> None:
    cuda = Cuda(CudaDouble(memory_bytes=1024))
    with pytest.raises(EngineError, match=r"cudaMalloc failed: out of memory \(CUDA error 2\)"):
        cuda.allocate(2048)


def test_memory_that_was_freed_is_not_copied_to() -> None:
    cuda = Cuda(CudaDouble())
    address, stream = cuda.allocate(16), cuda.stream()
    cuda.free(address)
    with pytest.raises(EngineError, match="cudaMemcpyAsync failed: invalid argument"):
        cuda.copy_in(address, np.ones(4, np.float32), stream)
    with pytest.raises(EngineError, match="cudaFree failed"):
        cuda.free(address)


def test_a_stream_that_has_ended_is_no_stream() -> None:
    cuda = Cuda(CudaDouble())
    stream = cuda.stream()
    cuda.end_stream(stream)
    with pytest.raises(EngineError, match="invalid resource handle"):
        cuda.wait(stream)


@pytest.mark.parametrize("array", [np.ones((4, 4), np.float32).T[1:], np.ones(4, np.float64)])
def test_only_contiguous_float32_goes_to_the_gpu(array: Any) -> None:
    cuda = Cuda(CudaDouble())
    with pytest.raises(EngineError, match="only contiguous float32 arrays"):
        cuda.copy_in(cuda.allocate(128), array, cuda.stream())


def test_a_library_that_lacks_a_function_is_refused() -> None:
    double = CudaDouble()
    del double.cudaStreamDestroy  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="has no cudaStreamDestroy"):
        Cuda(double)


def test_the_first_library_that_can_be_loaded_is_taken() -> None:
    tried = []

    def load(name: str) -> Any:
        tried.append(name)
        if name == "second":
            return CudaDouble()
        raise OSError(f"{name}: cannot open shared object file")

    assert open_cuda(load, ("first", "second", "third"))
    assert tried == ["first", "second"]
    with pytest.raises(
        EngineError, match=r"cannot be loaded: third: cannot open(.|\n)*where: first, third(.|\n)*JetPack"
    ):
        open_cuda(load, ("first", "third"))
