"""codesign/predict/clocks/held_out.py"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import GPU, ClockCells, Columns, cells_in
from codesign.predict.clocks.held_out import HeldOut, averages, by_workload, held_out, simplifications, too_small


@dataclass(frozen=True)
class Constant:
    """Predicts one number everywhere."""

    value: float
    simplified: str | None = "not a model"

    def fit(self, cells: Sequence[ClockCells]) -> list[Constant]:
        return [self for _ in cells]

    def predict(self, columns: Columns) -> np.ndarray:
        return np.full(cells_in(columns), self.value)


def cells(board: str, workload: str, count: int = 8) -> ClockCells:
    return ClockCells(board, workload, {GPU: np.linspace(1e8, 1e9, count)}, np.full(count, 2.0))


def of_errors(workload: str, seed: int, *errors: float) -> HeldOut:
    return HeldOut("m", "b", workload, seed, 5, np.array(errors), None)


def test_errors_are_relative_and_of_held_out_cells_only() -> None:
    found = list(held_out({"c": lambda _: Constant(3.0)}, [cells("b", "w")], 0.25, seed=0))
    assert len(found) == 1
    assert found[0].errors.tolist() == [0.5] * 6
    assert (found[0].trained_on, found[0].simplified) == (2, "not a model")


def test_a_model_is_fitted_to_each_board_alone_with_all_its_workloads() -> None:
    given: list[list[tuple[str, str]]] = []

    class Watching(Constant):
        def fit(self, cells: Sequence[ClockCells]) -> list[Constant]:
            given.append([(one.board, one.workload) for one in cells])
            return super().fit(cells)

    list(held_out({"m": lambda _: Watching(1.0)}, [cells("a", "x"), cells("a", "y"), cells("b", "x")], 0.5, 0))
    assert given == [[("a", "x"), ("a", "y")], [("b", "x")]]


def test_every_model_sees_the_same_split_and_another_seed_another_one() -> None:
    seen: list[list[float]] = []

    class Watching(Constant):
        def fit(self, cells: Sequence[ClockCells]) -> list[Constant]:
            seen.append(cells[0].columns[GPU].tolist())
            return super().fit(cells)

    for seed in (0, 1):
        list(held_out({"m": lambda _: Watching(1.0), "n": lambda _: Watching(1.0)}, [cells("a", "x", 20)], 0.5, seed))
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_a_workload_with_one_setting_is_passed_over() -> None:
    one, many = cells("b", "one", 1), cells("b", "many")
    assert too_small([one, many]) == [one]
    assert [found.workload for found in held_out({"c": lambda _: Constant(1.0)}, [one, many], 0.5, 0)] == ["many"]


def test_figures_are_averaged_over_workloads_and_their_spread_is_over_seeds() -> None:
    found = [of_errors("w", 0, 0.1, 0.3), of_errors("v", 0, 0.4), of_errors("w", 1, 0.2), of_errors("v", 1, 0.4)]
    figures = averages(found)["m"]
    assert figures["mean_error"] == pytest.approx(0.3)  # (0.2 + 0.4) / 2 and (0.2 + 0.4) / 2
    assert figures["mean_error_std"] == pytest.approx(0.0)
    assert figures["max_error"] == pytest.approx(0.325)
    assert figures["p95_error"] == pytest.approx((0.345 + 0.3) / 2)
    assert figures["max_error_std"] == pytest.approx(np.std([0.35, 0.3], ddof=1))


def test_one_seed_has_no_spread() -> None:
    assert averages([of_errors("w", 0, 0.1)])["m"]["mean_error_std"] == 0.0


def test_each_workload_has_its_figures_and_counts() -> None:
    entry, _ = by_workload([of_errors("w", 0, 0.1, 0.3), of_errors("v", 0, 0.4)])
    assert (entry["board"], entry["workload"], entry["cells"], entry["trained_on"]) == ("b", "w", 7, 5)
    assert entry["models"] == averages([of_errors("w", 0, 0.1, 0.3)])


def test_a_simplification_is_said_once_and_only_by_models_that_have_one() -> None:
    told = HeldOut("m", "b", "w", 0, 1, np.ones(1), "without x")
    assert simplifications([told, told, of_errors("w", 0, 0.1)]) == {"m": ["without x"]}
    assert simplifications([of_errors("w", 0, 0.1)]) == {}
