"""codesign/search/polish.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.averaging import NONE, averaged_log
from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord
from codesign.search.choose import ChosenDesign, meeting, right_answers
from codesign.search.outer import ChainResult
from codesign.search.polish import Polisher
from runtime.contract.arrays import FloatArray
from tests.codesign.search.records import record, solver

CLASSES, SAMPLES = 4, 400
SOLVER = solver()


def logits_of(skill: float, candidates: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Exits that err on images of their own, and more so the shallower they are."""
    rng = np.random.default_rng(seed)
    labels = np.random.default_rng(99).integers(0, CLASSES, SAMPLES)
    truth = np.eye(CLASSES)[labels]
    depth = np.linspace(0.6, 1.0, candidates)[:, None, None]
    return skill * depth * truth + rng.normal(size=(candidates, SAMPLES, CLASSES)), labels


def records() -> tuple[list[BackboneRecord], dict[str, FloatArray]]:
    found, logits = [], {}
    for gene, (size, skill) in enumerate([(1.0, 3.0), (3.0, 4.5)]):
        made = record((gene,), size=size)
        answers, labels = logits_of(skill, len(made.works.heads), seed=gene)
        made = replace(made, log=averaged_log(answers, labels, 0, NONE))
        found.append(made)
        logits[made.name] = answers
    return found, logits


RECORDS, LOGITS = records()
RESULTS = [ChainResult(chain, SOLVER(chain)) for chain in [*((r,) for r in RECORDS), tuple(RECORDS)]]
POLISHER = Polisher(SOLVER, lambda of: LOGITS[of.name])


def requirement(max_loss: float, standard_errors: float = 1.0) -> Requirement:
    return Requirement(RECORDS[-1].log.correct[-1], max_loss, standard_errors)


def expected_j(chosen: ChosenDesign) -> float:
    costs = SOLVER.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
    shares = replay(POLISHER.log(chosen), chosen.design.mask, chosen.policy).exit_shares
    return float(shares @ np.cumsum(costs.energy_j[:, chosen.design.point]))


@pytest.mark.parametrize("max_loss", [0.0, 0.02, 0.05])
def test_a_polished_design_meets_what_is_wanted_and_is_no_dearer(max_loss: float) -> None:
    wanted = [requirement(max_loss), requirement(max_loss + 0.02)]
    plain, polished = next(meeting(RESULTS, SOLVER, wanted), None), POLISHER.best(RESULTS, wanted)
    assert plain is not None
    assert polished is not None
    log, mask = POLISHER.log(polished), polished.design.mask
    right = right_answers(replay(log, mask, polished.policy), log.correct, mask)
    assert all(one.met_by(right) for one in wanted)
    assert expected_j(polished) <= expected_j(plain) * (1 + 1e-9)


def test_averaging_pays_where_exits_err_apart() -> None:
    without = Polisher(SOLVER, POLISHER.logits, averagings=(NONE,)).best(RESULTS, [requirement(0.02)])
    with_it = POLISHER.best(RESULTS, [requirement(0.02)])
    assert without is not None
    assert with_it is not None
    assert without.averaging == NONE
    assert with_it.averaging != NONE
    assert expected_j(with_it) < expected_j(without)


@pytest.mark.parametrize("max_harm", [0.0, 0.01, 0.05])
def test_harm_is_bounded_and_full_depth_answers_as_the_full_network(max_harm: float) -> None:
    chosen = POLISHER.least_harmful(RESULTS, RECORDS[-1].log.correct[-1], max_harm)
    assert chosen is not None
    log = POLISHER.log(chosen)
    assert replay(log, chosen.design.mask, chosen.policy).harm <= max_harm
    assert not chosen.averaging.at_the_end
    np.testing.assert_array_equal(log.predictions[-1], chosen.chain[-1].log.predictions[-1])


def test_where_nothing_meets_what_is_wanted_there_is_no_design() -> None:
    assert POLISHER.best(RESULTS, [requirement(-0.5)]) is None
