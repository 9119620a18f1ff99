"""The hypotheses about a new board."""

import numpy as np
import pytest

from codesign.predict.transfer.groups import DIFFERENCES, LEADING, hypotheses
from codesign.predict.transfer.known_boards import known_boards

from .boards import GENES, table


@pytest.mark.parametrize(("boards", "expected"), [(0, 1), (1, 2), (2, 4), (4, 6)])
def test_one_hypothesis_for_all_boards_together_one_for_each_and_one_for_none(boards: int, expected: int) -> None:
    sources, known = table()
    found = hypotheses(known_boards(GENES, sources[:boards], known))
    assert len(found) == expected
    np.testing.assert_allclose(sum(np.exp(one.log_odds) for one in found), 1.0)


def test_without_boards_or_unlike_all_of_them_only_encodings_speak() -> None:
    for boards in (known_boards(GENES), known_boards(GENES, *table())):
        assert {group.name for group in hypotheses(boards)[-1].groups} == {"fcc", "one-hot"}


def test_that_known_boards_say_nothing_is_the_least_likely_to_begin_with() -> None:
    found = hypotheses(known_boards(GENES, *table()))
    assert min(found, key=lambda one: one.log_odds) is found[-1]


def test_every_group_has_mean_square_at_most_1_over_known_designs() -> None:
    boards = known_boards(GENES, *table())
    features = boards.basis.features(boards.designs)
    for hypothesis in hypotheses(boards):
        for group in hypothesis.groups:
            square = ((features @ group.loadings) ** 2).sum(axis=1).mean()
            assert 0.5 < square < 1.0 + 1e-9, group.name


def test_typical_variances_are_one_for_each_group_and_the_noise() -> None:
    found = hypotheses(known_boards(GENES, *table()))
    assert all(len(hypothesis.typical) == len(hypothesis.groups) + 1 for hypothesis in found)
    for hypothesis in found[:-1]:
        assert [group.name for group in hypothesis.groups[:2]] == [LEADING, DIFFERENCES]
