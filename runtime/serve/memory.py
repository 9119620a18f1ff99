"""Gives memory that is free within this process back to the system."""

from __future__ import annotations

import ctypes


def give_back(library: str | None = None) -> bool:
    """Have glibc return what it keeps; False where the C library knows no such call.

    A bundle that is loaded beside another one and later dropped leaves holes all over the heap, which glibc keeps: some
    300 KB for every swap of a small bundle.
    """
    try:
        trim = ctypes.CDLL(library).malloc_trim
    except (OSError, AttributeError):  # musl has none
        return False
    trim(0)
    return True
