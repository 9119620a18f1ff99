"""The hypotheses about a new board."""

import numpy as np
import pytest

from codesign.predict.transfer.groups import DIFFERENCES, LEADING, hypotheses
from codesign.predict.transfer.known_boards import known_boards

from .boards import GENES, table


@pytest.mark.parametrize(("boards", "expected"), [(0, 1), (1, 1), (2, 3), (4, 5)])
def test_one_hypothesis_for_all_boards_together_and_one_for_each(boards: int, expected: int) -> None:
    sources, known = table()
    found = hypotheses(known_boards(GENES, sources[:boards], known))
    assert len(found) == expected
    np.testing.assert_allclose(sum(np.exp(one.log_odds) for one in found), 1.0)


def test_without_boards_only_encodings_speak() -> None:
    names = {group.name for group in hypotheses(known_boards(GENES))[0].groups}
    assert names == {"fcc", "one-hot"}


def test_every_group_has_mean_square_at_most_1_over_known_designs() -> None:
    boards = known_boards(GENES, *table())
    features = boards.basis.features(boards.designs)
    for hypothesis in hypotheses(boards):
        for group in hypothesis.groups:
            square = ((features @ group.loadings) ** 2).sum(axis=1).mean()
            assert 0.5 < square < 1.0 + 1e-9, group.name


def test_typical_variances_are_one_for_each_group_and_the_noise() -> None:
    for hypothesis in hypotheses(known_boards(GENES, *table())):
        assert len(hypothesis.typical) == len(hypothesis.groups) + 1
        assert [group.name for group in hypothesis.groups[:2]] == [LEADING, DIFFERENCES]
