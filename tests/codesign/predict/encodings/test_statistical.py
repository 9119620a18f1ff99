"""codesign/predict/encodings/statistical.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.encodings.statistical import statistical

from .spaces import GENES


def named(space: str, design: list[int]) -> dict[str, float]:
    encoding = statistical(GENES[space])
    return dict(zip(encoding.columns, encoding.features(np.array([design]))[0].tolist(), strict=True))


def test_means_and_deviations_are_over_the_blocks_that_are_there() -> None:
    found = named("resnet", [3, 5, 7, 3, 3, 3, 1, 2, 3, 1, 1, 2, 2, 3])
    kernels, expansions = [3, 5, 3, 3, 3], [1, 2, 1, 1, 2]
    assert found["mean of kernel"] == pytest.approx(np.mean(kernels))
    assert found["deviation of kernel"] == pytest.approx(np.std(kernels))
    assert found["mean of expand"] == pytest.approx(np.mean(expansions))
    assert found["deviation of expand"] == pytest.approx(np.std(expansions))
    assert found["mean of number of blocks"] == 2.5
    assert found["deviation of number of blocks"] == 0.5


def test_a_block_that_is_repeated_weighs_as_often() -> None:
    found = named("densenet", [5, 3, 1, 4, 2, 1])
    kernels = [5] * 4 + [3] * 2 + [1]
    assert found["mean of kernel"] == pytest.approx(np.mean(kernels))
    assert found["deviation of kernel"] == pytest.approx(np.std(kernels))
    assert found["mean of number of blocks"] == pytest.approx(7 / 3)


def test_operations_without_numbers_are_shares_of_the_cell() -> None:
    found = named("nas-bench-201", [3, 3, 0, 1, 3, 4])
    assert found["mean of nor_conv_3x3"] == 0.5
    assert found["deviation of nor_conv_3x3"] == 0.5
    assert found["mean of nor_conv_1x1"] == 0.0


def test_choices_with_numbers_are_means_over_blocks_that_are_not_skipped() -> None:
    found = named("fbnet", [3] + [7] + [8] * 20)  # k3_e6, k5_e6, and nothing
    assert found["mean of k"] == 4.0
    assert found["mean of e"] == 6.0
    assert found["mean of number of blocks"] == pytest.approx(2 / 7)


def test_a_network_without_blocks_has_zeros() -> None:
    found = named("fbnet", [8] * 22)
    assert set(found.values()) == {0.0}
