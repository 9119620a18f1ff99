"""codesign/backbones/reshape_target.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.backbones.reshape_target import any_batch, batch_axis, written_out


@pytest.mark.parametrize(
    ("target", "allow_zero", "expected"),
    [
        ((0, -1), False, (2, 48)),
        ((-1, 4), False, (24, 4)),
        ((2, 3, 16), True, (2, 3, 16)),
        ((0, 0, 16), False, (2, 3, 16)),
    ],
)
def test_a_target_is_written_out(target: tuple[int, ...], allow_zero: bool, expected: tuple[int, ...]) -> None:
    assert tuple(written_out(np.asarray(target), (2, 3, 4, 4), allow_zero)) == expected


def test_a_target_that_fits_nothing_stays_as_it_is() -> None:
    assert written_out(np.asarray([0, -1, 0]), (2, 3), allow_zero=True).tolist() == [0, -1, 0]
    assert written_out(np.asarray([-1, 3, 0]), (2, 3), allow_zero=False).tolist() == [-1, 3, 0]


def test_the_batch_is_taken_as_it_comes_or_worked_out() -> None:
    data = [(batch, 3, 4, 4) for batch in (1, 2, 3)]
    first = [np.asarray([batch, 48]) for batch in (1, 2, 3)]
    assert any_batch(first, data, allow_zero=False).tolist() == [0, 48]  # type: ignore[union-attr]
    assert any_batch(first, data, allow_zero=True).tolist() == [-1, 48]  # type: ignore[union-attr]
    joined = [np.asarray([3, 4 * batch, 4]) for batch in (1, 2, 3)]
    assert any_batch(joined, data, allow_zero=False).tolist() == [3, -1, 4]  # type: ignore[union-attr]


def test_two_axes_that_follow_the_batch_cannot_be_written() -> None:
    targets = [np.asarray([batch, batch]) for batch in (1, 2, 3)]
    assert any_batch(targets, [(batch * batch,) for batch in (1, 2, 3)], allow_zero=False) is None


@pytest.mark.parametrize(
    ("data", "axis", "target", "expected"),
    [
        ((1, 64, 1, 1), 0, (1, 64), 0),  # flattened
        ((1, 17, 192), 0, (1, 17, 3, 4, 16), 0),  # heads split
        ((4, 16, 64), 0, (1, 2, 2, 4, 4, 64), 0),  # windows back to maps
        ((4, 16, 4, 16), 0, (4, 16, 64), 0),  # batch and windows stay joined
        ((17, 1, 64), 1, (17, 4, 16), 1),  # batch and heads joined
        ((17, 1, 4, 16), 1, (17, 64), 0),  # tokens and batch joined
        ((17, 64), 0, (17, 1, 64), 1),  # and parted
        ((4, 17, 16), 0, (1, 4, 17, 16), 0),
    ],
)
def test_the_batch_is_found_where_exporters_put_it(
    data: tuple[int, ...], axis: int, target: tuple[int, ...], expected: int
) -> None:
    assert batch_axis(np.asarray(target), data, axis, batch=1) == expected
