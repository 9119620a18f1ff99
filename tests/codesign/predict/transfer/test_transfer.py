"""Costs on a new board from few samples, where others are known."""

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.metrics import scores, spearman
from codesign.predict.costs.splits import training_and_test
from codesign.predict.transfer import transfer as module
from codesign.predict.transfer.transfer import Transfer, transfer
from runtime.contract.errors import DataError, ShapeError

from .boards import GENES, cost_s, designs, table

SAMPLES, NEW = designs(20, seed=11), designs(300, seed=12)


@pytest.fixture(scope="module")
def known() -> Transfer:
    return transfer(GENES, *table())


def _rank(predictor: Transfer, kind: float) -> float:
    fitted = predictor.fit(SAMPLES, cost_s(SAMPLES, kind, noise=0.02), np.random.default_rng(0))
    return spearman(cost_s(NEW, kind, noise=0.0), fitted.predict(NEW).mean)


@pytest.mark.parametrize("kind", [0.05, 0.5, 0.95])
def test_known_boards_help_on_a_board_like_them_or_between_them(known: Transfer, kind: float) -> None:
    assert _rank(known, kind) > max(0.97, _rank(transfer(GENES), kind))


def test_one_known_board_helps_too() -> None:
    sources, measured = table()
    assert _rank(transfer(GENES, sources[:1], measured), 0.05) > 0.97


def test_known_boards_of_another_kind_do_little_harm() -> None:
    sources, measured = table()
    shuffled = np.random.default_rng(0).permutation(sources, axis=1)
    samples = designs(40, seed=11)
    costs, new = cost_s(samples, 0.5, noise=0.02), cost_s(NEW, 0.5, noise=0.0)
    misled, alone = (
        scores(new, predictor.fit(samples, costs, np.random.default_rng(0)).predict(NEW)).mape
        for predictor in (transfer(GENES, shuffled, measured), transfer(GENES))
    )
    assert misled < 1.3 * alone


def test_a_number_far_outside_all_that_was_measured_has_a_finite_cost_and_says_so() -> None:
    genes = Genes.named(["resolution", "kernel_0"], values=[(128, 160, 192), (3, 5, 7)])
    measured = np.random.default_rng(0).choice([3, 5, 7], (60, 2)) * np.array([32, 1])
    fitted = transfer(genes).fit(measured, measured[:, 0] ** 2.0 * measured[:, 1], np.random.default_rng(0))
    found = fitted.predict(np.array([[96, 3], [10**6, 5]]))
    assert found.outside.tolist() == [False, True]
    assert np.isfinite(found.high).all()
    assert found.high[1] / found.low[1] > 1e6


@pytest.mark.parametrize("factor", [1e-3, 1e9])
def test_predictions_follow_the_unit_of_costs(known: Transfer, factor: float) -> None:
    costs = cost_s(SAMPLES, 0.5)
    once, scaled = (known.fit(SAMPLES, costs * by, np.random.default_rng(0)).predict(NEW) for by in (1.0, factor))
    np.testing.assert_allclose(scaled.mean, once.mean * factor, rtol=1e-4)
    np.testing.assert_allclose(scaled.high, once.high * factor, rtol=1e-4)


@pytest.mark.parametrize(("samples", "calibrated"), [(99, False), (100, True)])
def test_intervals_say_whether_they_are_calibrated(known: Transfer, samples: int, calibrated: bool) -> None:
    measured = designs(samples, seed=3)
    fitted = known.fit(measured, cost_s(measured, 0.5, noise=0.05), np.random.default_rng(0))
    prediction = fitted.predict(NEW)
    assert prediction.calibrated is calibrated
    assert 0.8 < scores(cost_s(NEW, 0.5, noise=0.05, seed=1), prediction).coverage < 0.98


def test_a_value_that_no_board_ever_had_is_outside_and_its_interval_wider() -> None:
    sources, measured = table()
    keep = (measured != 3).all(axis=1)
    fitted = transfer(GENES, sources[:, keep], measured[keep]).fit(
        SAMPLES % 3, cost_s(SAMPLES % 3, 0.5), np.random.default_rng(0)
    )
    inside, outside = fitted.predict(np.array([[1, 1, 1, 1, 1, 1]])), fitted.predict(np.array([[3, 1, 1, 1, 1, 1]]))
    assert not inside.outside[0]
    assert outside.outside[0]
    assert outside.high[0] / outside.mean[0] > inside.high[0] / inside.mean[0]


def test_a_fit_read_back_predicts_the_same_without_the_known_boards(known: Transfer) -> None:
    fitted = known.fit(SAMPLES, cost_s(SAMPLES, 0.5), np.random.default_rng(0))
    before, after = fitted.predict(NEW), transfer(GENES).restored(fitted.as_arrays()).predict(NEW)
    for name in ("mean", "low", "high", "outside"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_the_same_seed_gives_the_same_fit_with_more_samples_than_it_keeps(
    known: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLES_TO_KEEP", 50)
    many = designs(70, seed=4)
    costs = cost_s(many, 0.5)
    first, second = (known.fit(many, costs, np.random.default_rng(1)).predict(NEW).mean for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (np.ones(19), r"20 designs, but costs \(19,\)"),
        (np.append(np.ones(19), np.nan), "a cost is not finite or not above 0"),
        (np.append(np.ones(19), -1.0), "a cost is not finite or not above 0"),
        (np.ones(20), "20 samples, of which none differ in cost"),
    ],
)
def test_costs_that_cannot_be_fitted_are_refused(known: Transfer, costs: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        known.fit(SAMPLES, costs, np.random.default_rng(0))


def test_designs_with_other_genes_are_refused(known: Transfer) -> None:
    with pytest.raises(ShapeError, match=r"designs must be whole numbers \(n, 6\)"):
        known.fit(SAMPLES[:, :5], cost_s(SAMPLES, 0.5), np.random.default_rng(0))


@pytest.mark.parametrize(("board", "at_least"), [("titan_rtx_64", 0.97), ("gold_6240", 0.85), ("pixel2", 0.7)])
def test_twenty_samples_rank_a_measured_board_with_the_others_known(
    shared_data: Path, board: str, at_least: float
) -> None:
    measured = read_cost_table(shared_data / "latency" / "fbnet.npz")
    target = measured.device(board)
    predictor = transfer(measured.genes, np.delete(measured.latency_s, target, axis=0), measured.genome)
    latency_s = measured.latency_s[target]
    split = training_and_test(measured.group, latency_s, 20, np.random.default_rng(0))
    fitted = predictor.fit(measured.genome[split.training], latency_s[split.training], np.random.default_rng(0))
    assert spearman(latency_s[split.test], fitted.predict(measured.genome[split.test]).mean) > at_least
