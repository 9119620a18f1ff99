"""The CUDA runtime as stages use it, on no GPU: refuses what the real one refuses, and is as lazy as it is.

What goes on a stream happens when somebody waits for the stream, and not before; new memory holds NaN; memory that was
freed is gone, and a kernel that touches it breaks everything from then on, as an illegal access does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

INVALID_VALUE, OUT_OF_MEMORY, NO_DEVICE, INVALID_HANDLE, ILLEGAL_ADDRESS = 1, 2, 100, 400, 700
WORDS = {
    INVALID_VALUE: b"invalid argument",
    OUT_OF_MEMORY: b"out of memory",
    NO_DEVICE: b"no CUDA-capable device is detected",
    INVALID_HANDLE: b"invalid resource handle",
    ILLEGAL_ADDRESS: b"an illegal memory access was encountered",
}
TO_DEVICE, TO_HOST, WITHIN = 1, 2, 3
FIRST_ADDRESS, ALIGNMENT = 0x7_0000_0000, 512
POISON = np.float32(np.nan).tobytes()


class Function:
    """A C function of the library: its types can be told, as ctypes wants them."""

    def __init__(self, does: Callable[..., Any]) -> None:
        self._does = does
        self.argtypes: tuple[Any, ...] = ()
        self.restype: Any = None

    def __call__(self, *arguments: Any) -> Any:
        if len(arguments) != len(self.argtypes):
            raise TypeError(f"{self._does.__name__} takes {len(self.argtypes)} arguments, {len(arguments)} were given")
        return self._does(*arguments)


class CudaDouble:
    """Stands for what `ctypes.CDLL("libcudart.so")` gives."""

    def __init__(self, *, devices: int = 1, memory_bytes: int = 1 << 30, capability: tuple[int, int, int] = (8, 7, 8)):
        self._devices, self._memory_bytes = devices, memory_bytes
        self._attributes = {75: capability[0], 76: capability[1], 16: capability[2]}
        self.blocks: dict[int, bytearray] = {}
        self.pending: dict[int, list[Callable[[], int]]] = {0: []}  # stream -> what is to happen on it
        self.copies: list[tuple[int, int]] = []  # direction and bytes, of every copy that happened
        self.broken = 0  # an error that stays
        self._next = FIRST_ADDRESS
        self._next_stream = 0x10
        for name in ("GetDeviceCount", "DeviceGetAttribute", "Malloc", "Free", "Memcpy", "MemcpyAsync"):
            setattr(self, f"cuda{name}", Function(getattr(self, f"_{name}")))
        for name in ("StreamCreateWithFlags", "StreamSynchronize", "StreamDestroy", "GetErrorString"):
            setattr(self, f"cuda{name}", Function(getattr(self, f"_{name}")))

    @property
    def kind_of_gpu(self) -> str:
        return f"sm_{self._attributes[75]}{self._attributes[76]}, {self._attributes[16]} processors"

    def launch(self, stream: int, kernel: Callable[[], int]) -> bool:
        """What TensorRT does: put work on a stream."""
        if stream not in self.pending:
            return False
        self.pending[stream].append(kernel)
        return True

    def read(self, address: int, size: int) -> bytes | None:
        """What lies on the device; None where that is not its memory."""
        block, offset = self._block(address, size)
        return None if block is None else bytes(block[offset : offset + size])

    def write(self, address: int, content: bytes) -> bool:
        block, offset = self._block(address, len(content))
        if block is None:
            return False
        block[offset : offset + len(content)] = content
        return True

    def _block(self, address: int, size: int) -> tuple[bytearray | None, int]:
        for base, block in self.blocks.items():
            if base <= address and address + size <= base + len(block):
                return block, address - base
        return None, 0

    def _GetErrorString(self, status: int) -> bytes:  # noqa: N802 (the original's name, as all below)
        return WORDS.get(status, b"unrecognized error code")

    def _GetDeviceCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self._devices
        return 0 if self._devices else NO_DEVICE

    def _DeviceGetAttribute(self, value: Any, which: int, device: int) -> int:  # noqa: N802
        if which not in self._attributes or device >= self._devices:
            return INVALID_VALUE
        value._obj.value = self._attributes[which]
        return 0

    def _Malloc(self, address: Any, size: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        if sum(map(len, self.blocks.values())) + size > self._memory_bytes:
            return OUT_OF_MEMORY
        self.blocks[self._next] = bytearray((POISON * (size // 4 + 1))[:size])
        address._obj.value = self._next
        self._next += (size // ALIGNMENT + 2) * ALIGNMENT  # a gap: who runs over the end hits nothing
        return 0

    def _Free(self, address: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        return 0 if self.blocks.pop(address, None) is not None else INVALID_VALUE

    def _Memcpy(self, target: int, source: int, size: int, direction: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        if direction == WITHIN:  # returns before it has happened
            return self._MemcpyAsync(target, source, size, direction, 0)
        return self._copy(target, source, size, direction)

    def _MemcpyAsync(self, target: int, source: int, size: int, direction: int, stream: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        on_device = {TO_DEVICE: [target], TO_HOST: [source], WITHIN: [target, source]}[direction]
        if any(self._block(address, size)[0] is None for address in on_device):
            return INVALID_VALUE
        return 0 if self.launch(stream, lambda: self._copy(target, source, size, direction)) else INVALID_HANDLE

    def _copy(self, target: int, source: int, size: int, direction: int) -> int:
        content = ctypes.string_at(source, size) if direction == TO_DEVICE else self.read(source, size)
        if content is None:
            return INVALID_VALUE
        self.copies.append((direction, size))
        if direction == TO_HOST:
            ctypes.memmove(target, content, size)
            return 0
        return 0 if self.write(target, content) else INVALID_VALUE

    def _StreamCreateWithFlags(self, stream: Any, flags: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        if flags not in (0, 1):
            return INVALID_VALUE
        self._next_stream += 0x10
        self.pending[self._next_stream] = []
        stream._obj.value = self._next_stream
        return 0

    def _StreamSynchronize(self, stream: int) -> int:  # noqa: N802
        if stream not in self.pending:
            return INVALID_HANDLE
        waiting, self.pending[stream] = self.pending[stream], []
        for step in waiting:
            if not self.broken:
                self.broken = step()
        return self.broken

    def _StreamDestroy(self, stream: int) -> int:  # noqa: N802
        if self.broken:
            return self.broken
        return 0 if self.pending.pop(stream, None) is not None else INVALID_HANDLE
