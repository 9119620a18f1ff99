"""Threads are lent, and given back."""

from __future__ import annotations

import pytest
import torch

from codesign.backbones.threads import torch_threads


def test_a_block_runs_with_its_own_threads_and_the_number_found_returns() -> None:
    found = torch.get_num_threads()
    with torch_threads(found + 1):
        assert torch.get_num_threads() == found + 1
    assert torch.get_num_threads() == found


def test_the_number_found_returns_after_a_failure() -> None:
    found = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="died"), torch_threads(found + 1):
        raise RuntimeError("died")
    assert torch.get_num_threads() == found
