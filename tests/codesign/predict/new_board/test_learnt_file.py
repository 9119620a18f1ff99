"""codesign/predict/new_board/learnt_file.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.plain_arrays import read_plain_arrays, write_plain_arrays
from codesign.predict.new_board.learning_to_optimise import LearntOptimiser
from codesign.predict.new_board.learnt_file import read_learnt_optimiser, write_learnt_optimiser
from runtime.contract.errors import DataError


def test_what_is_read_answers_as_what_was_written(tmp_path: Path, learnt: LearntOptimiser) -> None:
    file = tmp_path / "learnt.npz"
    write_learnt_optimiser(file, learnt)
    again = read_learnt_optimiser(file)
    for features in learnt.boards.features:
        assert (again.ranked(features, 0.1) == learnt.ranked(features, 0.1)).all()
    assert (again.anchors == learnt.anchors).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": np.array(2)}, "a learnt optimiser of version 2, this program reads 1"),
        ({"anchors": None}, "not a learnt optimiser: 'anchors'"),
        ({"log_costs": np.ones((2, 2))}, "arrays of shapes that disagree"),
        ({"costs/0/weight/0": None}, "no networks `costs`"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path,
    learnt: LearntOptimiser,
    changed: dict[str, np.ndarray | None],
    message: str,  # type: ignore[type-arg]
) -> None:
    file = tmp_path / "learnt.npz"
    write_learnt_optimiser(file, learnt)
    arrays = read_plain_arrays(file, "a learnt optimiser") | changed
    write_plain_arrays(file, {name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(DataError, match=message):
        read_learnt_optimiser(file)
