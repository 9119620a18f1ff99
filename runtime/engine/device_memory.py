"""Memory on the GPU that stages hand to each other: lent by a pool, and back in it when nobody refers to it."""

from __future__ import annotations

import weakref
from contextlib import suppress
from math import prod
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError

from .cuda import Cuda

FLOAT_BYTES = 4
LEAST_BYTES = 256  # what TensorRT wants addresses to be aligned to
DEFAULT_STREAM = 0


class DevicePool:
    """Buffers of a few sizes. Safe between threads; its memory is freed when neither it nor a buffer is left."""

    __slots__ = ("__weakref__", "_all", "_free", "cuda")

    def __init__(self, cuda: Cuda) -> None:
        self.cuda = cuda
        self._free: dict[int, list[int]] = {}  # size -> addresses
        self._all: dict[int, int] = {}  # address -> size
        # Not at the process's end: the driver takes everything back then, and may be gone before.
        weakref.finalize(self, _free_all, cuda, self._all).atexit = False

    @property
    def size_bytes(self) -> int:
        """All it has taken of the device."""
        return sum(self._all.values())

    def lend(self, shape: tuple[int, ...]) -> DeviceTensor:
        """Room for a float32 tensor; what is in it is not known. Raises EngineError where the GPU has no memory."""
        wanted = max(prod(shape) * FLOAT_BYTES, LEAST_BYTES)
        size = 1 << (wanted - 1).bit_length()  # few sizes, so that what one batch gave back serves the next
        free = self._free.setdefault(size, [])
        try:
            address = free.pop()
        except IndexError:
            address = self.cuda.allocate(size)
            self._all[address] = size
        return DeviceTensor(self, free, address, shape)


class DeviceTensor:
    """A float32 tensor on the device. What wrote it has been waited for, so any stream may read it.

    As an array (`numpy.asarray`) it is copied to the host; with a mask of rows it is gathered on the device.
    """

    __slots__ = ("_home", "_pool", "address", "shape")

    def __init__(self, pool: DevicePool, home: list[int], address: int, shape: tuple[int, ...]) -> None:
        self._pool, self._home, self.address, self.shape = pool, home, address, shape

    def __del__(self) -> None:
        self._home.append(self.address)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Of one sample."""
        return prod(self.shape[1:]) * FLOAT_BYTES

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        """The tensor on the host. Raises EngineError where CUDA does."""
        if copy is False:
            raise ValueError("a tensor on the GPU is no array without a copy")
        array: FloatArray = np.empty(self.shape, np.float32)
        if array.size:
            self._pool.cuda.fetch(array, self.address)
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> DeviceTensor:
        """The rows that a mask chooses, side by side in memory of their own."""
        if rows.dtype != np.bool_ or rows.shape != (len(self),):
            raise EngineError(f"a tensor on the GPU is indexed by a mask of its {len(self)} rows, not {rows!r}")
        if rows.all():
            return self
        taken = self._pool.lend((int(rows.sum()), *self.shape[1:]))
        cuda, row, target = self._pool.cuda, self.row_bytes, taken.address
        edges = np.flatnonzero(np.diff(np.concatenate(([False], rows, [False])).astype(np.int8)))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):  # rows in a row go in one piece
            size = (end - start) * row
            cuda.copy_within(target, self.address + start * row, size, DEFAULT_STREAM)
            target += size
        cuda.wait(DEFAULT_STREAM)  # a copy on the device does not wait by itself
        return taken


def _free_all(cuda: Cuda, addresses: dict[int, int]) -> None:
    for address in addresses:
        with suppress(EngineError):  # after a fault CUDA refuses everything, this too; the process is to be restarted
            cuda.free(address)
