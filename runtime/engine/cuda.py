"""The few functions of the CUDA runtime that stages need, called through ctypes.

The library comes with JetPack, or with the CUDA toolkit; a Python package for it would be another thing to match to the
board. Signatures: NVIDIA's CUDA Runtime API, which keeps them from version to version. Not yet run on a board.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError

# The plain name is there only where the toolkit is installed; then the newest first.
LIBRARIES = (
    "libcudart.so",
    "libcudart.so.13",
    "libcudart.so.12",
    "libcudart.so.11.0",
    "/usr/local/cuda/lib64/libcudart.so",
)
NON_BLOCKING = 1  # cudaStreamNonBlocking: does not wait for what other programs' code puts on the default stream
TO_DEVICE, TO_HOST, WITHIN = 1, 2, 3  # cudaMemcpyKind
PROCESSORS, MAJOR, MINOR = 16, 75, 76  # cudaDeviceAttr: multiprocessors, compute capability
DEVICE = 0  # boards have one GPU
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "cudaGetDeviceCount": (c_void_p,),
    "cudaDeviceGetAttribute": (c_void_p, c_int, c_int),
    "cudaMalloc": (c_void_p, c_size_t),
    "cudaFree": (c_void_p,),
    "cudaMemcpy": (c_void_p, c_void_p, c_size_t, c_int),
    "cudaMemcpyAsync": (c_void_p, c_void_p, c_size_t, c_int, c_void_p),
    "cudaStreamCreateWithFlags": (c_void_p, c_int),
    "cudaStreamSynchronize": (c_void_p,),
    "cudaStreamDestroy": (c_void_p,),
}


class Cuda:
    """Memory, copies and streams of the first GPU. Safe between threads. Methods raise EngineError as CUDA fails."""

    __slots__ = ("_library",)

    def __init__(self, library: Any) -> None:
        """Take a loaded library. Raises EngineError where it lacks a function or finds no GPU."""
        self._library = library
        for name, arguments in SIGNATURES.items():
            try:
                function = getattr(library, name)
            except AttributeError as error:
                raise EngineError(f"the CUDA runtime has no {name}", to_do="install the one of this JetPack") from error
            function.argtypes, function.restype = arguments, c_int
        library.cudaGetErrorString.argtypes, library.cudaGetErrorString.restype = (c_int,), c_char_p
        found = c_int(0)
        if (status := library.cudaGetDeviceCount(byref(found))) or found.value < 1:
            raise EngineError(
                f"CUDA finds no GPU: {self._words(status)}", to_do="run on a board, and give a container its GPU"
            )

    def kind_of_gpu(self) -> str:
        """Compute capability and how many processors are switched on, such as `sm_87, 8 processors`."""
        major, minor, count = (self._attribute(which) for which in (MAJOR, MINOR, PROCESSORS))
        return f"sm_{major}{minor}, {count} processors"

    def allocate(self, size_bytes: int) -> int:
        """The address of new memory on the device, aligned to 256 bytes at least."""
        address = c_void_p()
        self._call("cudaMalloc", byref(address), size_bytes)
        return int(address.value or 0)

    def free(self, address: int) -> None:
        """Give memory back."""
        self._call("cudaFree", address)

    def stream(self) -> int:
        """A new stream."""
        handle = c_void_p()
        self._call("cudaStreamCreateWithFlags", byref(handle), NON_BLOCKING)
        return int(handle.value or 0)

    def end_stream(self, stream: int) -> None:
        """Destroy a stream."""
        self._call("cudaStreamDestroy", stream)

    def wait(self, stream: int) -> None:
        """Return when everything on the stream has happened."""
        self._call("cudaStreamSynchronize", stream)

    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        """From an array to the device, on a stream: the array must stay as it is until the stream was waited for."""
        _check_contiguous(array)
        self._call("cudaMemcpyAsync", address, array.ctypes.data, array.nbytes, TO_DEVICE, stream)

    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        """From the device into an array, on a stream."""
        _check_contiguous(array)
        self._call("cudaMemcpyAsync", array.ctypes.data, address, array.nbytes, TO_HOST, stream)

    def fetch(self, array: FloatArray, address: int) -> None:
        """From the device into an array; it is there on return."""
        _check_contiguous(array)
        self._call("cudaMemcpy", array.ctypes.data, address, array.nbytes, TO_HOST)

    def copy_within(self, target: int, source: int, size_bytes: int, stream: int) -> None:
        """From one place on the device to another, on a stream."""
        self._call("cudaMemcpyAsync", target, source, size_bytes, WITHIN, stream)

    def _attribute(self, which: int) -> int:
        value = c_int(0)
        self._call("cudaDeviceGetAttribute", byref(value), which, DEVICE)
        return value.value

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise EngineError(
                f"{name} failed: {self._words(status)}",
                to_do="see that the GPU has memory left (edge-runtime doctor); after an illegal access, restart",
            )

    def _words(self, status: int) -> str:
        words = self._library.cudaGetErrorString(status)
        return f"{words.decode(errors='replace') if words else 'no reason given'} (CUDA error {status})"


def open_cuda(load: Callable[[str], Any] = ctypes.CDLL, names: Sequence[str] = LIBRARIES) -> Cuda:
    """The CUDA runtime of this machine. Raises EngineError where there is none, or no GPU."""
    why_not = []
    for name in names:
        try:
            library = load(name)
        except OSError as error:
            why_not.append(str(error))
            continue
        return Cuda(library)
    raise EngineError(
        f"the CUDA runtime cannot be loaded: {why_not[-1] if why_not else 'nothing to load'}",
        where=", ".join(names),
        to_do="install the CUDA runtime of this JetPack (apt install nvidia-jetpack), or use another --provider",
    )


def _check_contiguous(array: FloatArray) -> None:
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        raise EngineError(
            f"only contiguous float32 arrays go to and from the GPU, not {array.dtype} with strides {array.strides}",
            to_do="hand over numpy.ascontiguousarray(array, numpy.float32)",
        )
