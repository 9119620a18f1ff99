from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.contest.contenders import on_one_board
from codesign.predict.contest.trial import Contender
from codesign.predict.fitting.journal import MemoryJournal
from codesign.predict.fitting.loop import run_loop
from codesign.walk import fit_best
from codesign.walk.fit_networks import ChainNetworks
from tests.codesign.chains import LeastSquares, small_space
from tests.codesign.predict.fitting.stand_ins import Onlooker, SumOfGenes

from .fits import RULES

NETWORKS = ChainNetworks(small_space())


def test_the_model_that_validates_best_is_fitted_and_judged_on_the_test_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(genes: object) -> list[Contender]:
        return [one for one in on_one_board(genes) if one.model in ("ridge", "lookup")]  # type: ignore[arg-type]

    monkeypatch.setattr(fit_best, "on_one_board", few)
    outcome = run_loop(NETWORKS.source, RULES, LeastSquares(), SumOfGenes(), MemoryJournal(), Onlooker())
    ticks: list[str] = []
    model, found, rows = fit_best.with_best_model(NETWORKS, RULES, outcome, lambda _a, _b, note: ticks.append(note))
    assert (model.name, model.encoding) == (rows[0]["model"], rows[0]["encoding"])
    assert [row["mape"] for row in rows] == sorted(row["mape"] for row in rows)
    np.testing.assert_array_equal(found.predicted.mean, found.fitted.predict(outcome.test.designs).mean)
    assert found.rounds[:-1] == outcome.rounds
    assert found.rounds[-1].per_bin == outcome.rounds[-1].per_bin
    assert found.passed is all(found.rounds[-1].passed(RULES.bin_accuracy))
    assert len(ticks) == len(few(NETWORKS.genes))
