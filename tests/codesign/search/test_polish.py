"""codesign/search/polish.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.averaging import NONE, averaged_log
from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.search import polish
from codesign.search.backbone_record import BackboneRecord
from codesign.search.choose import ChosenDesign, meeting, right_answers
from codesign.search.constraints import CONSTRAINTS, broken
from codesign.search.ledger import ChainResult
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
def test_a_polished_design_meets_what_is_wanted_and_is_cheaper(max_loss: float) -> None:
    wanted = [requirement(max_loss), requirement(max_loss + 0.02)]
    plain, polished = next(meeting(RESULTS, SOLVER, wanted), None), POLISHER.best(RESULTS, wanted)
    assert plain is not None
    assert polished is not None
    log, mask = POLISHER.log(polished), polished.design.mask
    right = right_answers(replay(log, mask, polished.policy), log.correct, mask)
    assert all(one.met_by(right) for one in wanted)
    assert expected_j(polished) < expected_j(plain)


def test_what_is_asked_twice_is_answered_alike() -> None:
    fresh = Polisher(SOLVER, POLISHER.logits)
    wanted = [requirement(0.02)]
    first = fresh.best(RESULTS, wanted)
    fresh.least_harmful(RESULTS, RECORDS[-1].log.correct[-1], 0.02)
    assert fresh.best(RESULTS, wanted) == first


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


def test_networks_that_are_as_accurate_but_on_other_images_do_not_crowd_out_the_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = RECORDS[0]
    right, labels = reference.log.correct[-1], reference.log.labels
    answered = np.where(right, labels, (labels + 1) % CLASSES)
    answered[np.flatnonzero(right)[:10]] += 1  # wrong where the reference is right,
    answered[np.flatnonzero(~right)[:10]] -= 1  # and right where it is wrong, at every exit
    answers = np.tile(4.0 * np.eye(CLASSES)[answered % CLASSES], (len(reference.works.heads), 1, 1))
    other = replace(record((7,), size=0.2), log=averaged_log(answers, labels, 0, NONE))
    logits = LOGITS | {other.name: answers}
    polisher = Polisher(SOLVER, lambda of: logits[of.name], reference=reference)
    max_harm, harm = 0.01, float((right & ~other.log.correct[-1]).mean())
    assert harm > max_harm + polish.SLACK
    assert other.accuracy == reference.accuracy
    monkeypatch.setattr(polish, "POOL", 1)
    monkeypatch.setattr(polish, "READY", 1)
    own = [ChainResult((reference,), SOLVER((reference,)))]
    crowd = ChainResult((other,), SOLVER((other,)))
    alone, found = (polisher.least_harmful(pool, right, max_harm) for pool in (own, [crowd, *own]))
    assert alone is not None
    assert found is not None
    assert polisher.energy_j(found) <= polisher.energy_j(alone) + 1e-15


def test_where_nothing_meets_what_is_wanted_there_is_no_design() -> None:
    assert POLISHER.best(RESULTS, [requirement(-0.5)]) is None


@pytest.mark.parametrize("limit", ["max_mean_latency_s", "max_p99_latency_s", "max_energy_j", "min_accuracy"])
def test_a_polished_design_keeps_to_the_limits_that_its_thresholds_decide(limit: str) -> None:
    free = POLISHER.best(RESULTS, [requirement(0.05)])
    assert free is not None
    constraint = next(constraint for constraint in CONSTRAINTS if constraint.limit == limit)
    asked = POLISHER.figures(free)[constraint.figure] * (1.001 if constraint.at_least else 0.98)
    limited = replace(SOLVER, limits=replace(SOLVER.limits, **{limit: asked}))
    results = [replace(result, front=limited(result.chain)) for result in RESULTS]
    polisher = replace(POLISHER, solver=limited)
    found = polisher.best(results, [requirement(0.3)])
    assert found is not None
    assert broken(limited.limits, polisher.figures(found)) == ()


def test_where_polishing_breaks_a_limit_the_design_stays_as_the_solver_left_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = replace(SOLVER, limits=replace(SOLVER.limits, max_energy_j=1e9))
    monkeypatch.setattr(Polisher, "_best", lambda *_arguments: None)
    found = replace(POLISHER, solver=limited).best(RESULTS, [requirement(0.05)])
    assert found == next(meeting(RESULTS, limited, [requirement(0.05)]))
    assert POLISHER.best(RESULTS, [requirement(0.05)]) is None


@pytest.mark.parametrize("max_loss", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("start", RECORDS, ids=lambda record: record.name)
def test_what_is_chosen_among_all_is_no_dearer_than_what_is_chosen_of_a_start_alone(
    start: BackboneRecord, max_loss: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polish, "POOL", 1)  # so few that what the start has may not be among them
    monkeypatch.setattr(polish, "READY", 1)
    wanted = [requirement(max_loss)]
    polisher = replace(POLISHER, starts=(start.genome,))
    alone = polisher.best([result for result in RESULTS if result.chain == (start,)], wanted)
    chosen = polisher.best(RESULTS, wanted)
    if alone is not None:
        assert chosen is not None
        assert expected_j(chosen) <= expected_j(alone) * (1 + 1e-12)
        assert polisher.energy_j(chosen) == pytest.approx(expected_j(chosen))


def test_a_laxer_requirement_beside_it_changes_nothing_of_what_a_strict_one_finds() -> None:
    strict, lax = requirement(0.01), requirement(0.2)
    assert POLISHER.best(RESULTS, [strict, lax]) == POLISHER.best(RESULTS, [strict])


def test_weights_change_what_images_cost_and_not_what_they_must_get_right() -> None:
    wanted = [requirement(0.05)]
    chosen = POLISHER.best(RESULTS, wanted)
    assert chosen is not None
    log, mask = POLISHER.log(chosen), chosen.design.mask
    taken = replay(log, mask, chosen.policy).exits_taken
    weights = np.where(taken == 0, 3.0, 1.0)
    weighted = replace(POLISHER, weights=weights, paths={}, likely={})
    shares = weighted.shares(log, mask, chosen.policy)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] > POLISHER.shares(log, mask, chosen.policy)[0]
    assert weighted.energy_j(chosen) < POLISHER.energy_j(chosen)
    found = weighted.best(RESULTS, wanted)
    assert found is not None
    right = right_answers(
        replay(weighted.log(found), found.design.mask, found.policy), weighted.log(found).correct, found.design.mask
    )
    assert wanted[0].met_by(right)
