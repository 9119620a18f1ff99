"""Buffers on the GPU are lent, handed on and taken back."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError
from runtime.engine.cuda import Cuda
from runtime.engine.device_memory import DevicePool, DeviceTensor
from tests.cuda_double import CudaDouble


def filled(pool: DevicePool, array: FloatArray) -> DeviceTensor:
    tensor, stream = pool.lend(array.shape), pool.cuda.stream()
    pool.cuda.copy_in(tensor.address, array, stream)
    pool.cuda.wait(stream)
    return tensor


def test_a_tensor_becomes_an_array_where_one_is_wanted() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensor = filled(DevicePool(Cuda(CudaDouble())), array)
    np.testing.assert_array_equal(np.asarray(tensor), array)
    assert np.asarray(tensor, np.float64).dtype == np.float64
    assert (len(tensor), tensor.shape, tensor.row_bytes) == (3, (3, 4), 16)
    with pytest.raises(ValueError, match="no array without a copy"):
        tensor.__array__(copy=False)


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_mask_picks_rows_on_the_device(mask: list[bool]) -> None:
    double = CudaDouble()
    array = np.arange(len(mask) * 5, dtype=np.float32).reshape(len(mask), 5)
    tensor = filled(DevicePool(Cuda(double)), array)
    double.copies.clear()
    picked = tensor[np.array(mask)]
    assert all(direction == 3 for direction, _ in double.copies)  # nothing came to the host
    np.testing.assert_array_equal(np.asarray(picked), array[np.array(mask)])


def test_rows_that_all_stay_are_not_copied() -> None:
    tensor = filled(DevicePool(Cuda(CudaDouble())), np.ones((3, 2), np.float32))
    assert tensor[np.array([True] * 3)] is tensor


def test_another_index_than_a_mask_is_refused() -> None:
    tensor = filled(DevicePool(Cuda(CudaDouble())), np.ones((3, 2), np.float32))
    with pytest.raises(EngineError, match="indexed by a mask of its 3 rows"):
        tensor[np.array([0, 1])]  # type: ignore[index]


def test_what_nobody_refers_to_is_lent_again() -> None:
    pool = DevicePool(Cuda(CudaDouble()))
    first = pool.lend((4, 100))
    address = first.address
    other = pool.lend((4, 100))
    assert other.address != address
    del first
    assert pool.lend((3, 120)).address == address  # the same size, near enough
    assert pool.size_bytes == 2 * 2048


def test_memory_goes_back_with_the_last_who_needs_it() -> None:
    double = CudaDouble()
    pool = DevicePool(Cuda(double))
    tensor = pool.lend((1000,))
    del pool
    gc.collect()
    assert len(double.blocks) == 1  # somebody still holds a tensor of it
    del tensor
    gc.collect()
    assert not double.blocks


def test_addresses_are_aligned_as_tensorrt_wants_them() -> None:
    pool = DevicePool(Cuda(CudaDouble()))
    assert all(pool.lend((count,)).address % 256 == 0 for count in (1, 3, 65, 1000))
