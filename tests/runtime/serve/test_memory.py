"""Memory that goes back to the system."""

from __future__ import annotations

import platform

import pytest

from runtime.serve.memory import give_back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc_trim is glibc's")
def test_glibc_gives_memory_back() -> None:
    assert give_back()


def test_a_library_that_is_not_there_changes_nothing() -> None:
    assert not give_back("no such library")
