"""What known boards say: their own costs without the noise, of any design."""

import numpy as np
import pytest

from codesign.predict.transfer.known_boards import FEWEST, known_boards
from runtime.contract.errors import DataError, ShapeError

from .boards import GENES, cost_s, designs, table


def test_a_board_ranks_designs_that_it_never_measured() -> None:
    boards = known_boards(GENES, *table())
    new = designs(100, seed=5)
    opinion = boards.basis.features(new) @ boards.alone[:, 0]
    assert np.corrcoef(opinion, np.log(cost_s(new, 0.0, noise=0.0)))[0, 1] > 0.98


def test_opinions_have_spread_1_over_known_designs_and_the_differences_mean_square_1() -> None:
    boards = known_boards(GENES, *table())
    features = boards.basis.features(boards.designs)
    np.testing.assert_allclose((features @ boards.alone).std(axis=0), 1.0)
    np.testing.assert_allclose((features @ boards.mean).std(), 1.0)
    np.testing.assert_allclose(((features @ boards.differences) ** 2).sum(axis=1).mean(), 1.0)


def test_a_board_that_measured_only_some_designs_counts_by_these() -> None:
    sources, known = table()
    sources[1, 150:] = np.nan
    boards = known_boards(GENES, sources, known)
    assert boards.alone.shape[1] == 4
    features = boards.basis.features(known)
    assert np.corrcoef(features @ boards.alone[:, 0], features @ boards.alone[:, 1])[0, 1] > 0.9


def test_a_board_with_too_few_costs_or_a_constant_one_is_left_out() -> None:
    sources, known = table()
    sources[0, FEWEST - 1 :] = np.nan
    sources[2] = 1e-3
    assert known_boards(GENES, sources, known).alone.shape[1] == 2


def test_without_boards_there_is_only_the_basis() -> None:
    boards = known_boards(GENES)
    assert boards.alone.shape == boards.mean.shape == boards.differences.shape == (len(boards.basis.scale), 0)
    assert boards.designs.shape == (0, 6)


def test_sources_of_another_number_of_designs_are_refused() -> None:
    sources, known = table()
    with pytest.raises(ShapeError, match=r"must be \(boards, 299\), one per design"):
        known_boards(GENES, sources, known[:-1])


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf])
def test_a_cost_that_cannot_be_is_refused(wrong: float) -> None:
    sources, known = table()
    sources[0, 0] = wrong
    with pytest.raises(DataError, match="a cost of a known board is not above 0"):
        known_boards(GENES, sources, known)


def test_a_board_that_measured_fewer_designs_than_there_are_features_speaks_too() -> None:
    sources, known = table(40)
    boards = known_boards(GENES, sources, known)
    assert len(boards.basis.scale) > 40
    new = designs(100, seed=5)
    opinion = boards.basis.features(new) @ boards.alone[:, 0]
    assert np.corrcoef(opinion, np.log(cost_s(new, 0.0, noise=0.0)))[0, 1] > 0.9
