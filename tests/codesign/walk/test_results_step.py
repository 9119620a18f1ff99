"""`results.json`: bars, modes and fronts say what the designs do, in words and numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.averaging import Averaging
from codesign.policy.requirement import Requirement
from codesign.search.chain_solver import ChainSolver
from codesign.search.chain_works import stages_of
from codesign.search.choose import ChosenDesign, by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.walk import results_step
from codesign.walk.comparison import FamilyGain
from codesign.walk.outcome import Outcome, design_outcome, static_outcome
from codesign.walk.results_step import Describer, bar, fronts, gain, mode_result
from tests.codesign.search.records import record, solver
from tests.codesign.walk.conftest import Parts

SOLVER = solver()
SMALL, LARGE = record((0,), skill=0.3), record((1,), size=3.0, skill=0.9, seed=1)
RECORDS = [SMALL, LARGE]
RESULTS = [ChainResult(chain, SOLVER(chain)) for chain in [(SMALL,), (LARGE,), (SMALL, LARGE)]]
SAY = Describer({SMALL.name: "the small one", LARGE.name: "the large one"})


def designs() -> list[ChosenDesign]:
    return list(by_energy(RESULTS, SOLVER, Requirement(LARGE.log.correct[-1], 1.0, 0.0)))


def chain_design() -> ChosenDesign:
    return next(c for c in designs() if len(c.chain) == 2 and c.design.mask & 0b100 == 0)


def outcome_of(chosen: ChosenDesign) -> Outcome:
    return design_outcome(chosen, SOLVER.log(chosen.chain), SOLVER.pricing, 2.0)


def test_words_name_each_backbone_and_where_it_is_left() -> None:
    assert SAY.static(SMALL) == "the small one, no exits"
    text, labels = SAY.design(chain_design()), SAY.stage_labels(chain_design())
    assert text.startswith("A = the small one; exits after block ")
    assert ", left there; then B = the large one; " in text
    assert labels[0].startswith("A · block ")
    assert labels[-1] == "B · end"
    assert len(labels) == chain_design().policy.stages


def test_words_say_whose_answers_count_in_those_before() -> None:
    text = SAY.design(replace(chain_design(), averaging=Averaging(0.3)))
    assert text.endswith("; each answer counts in 0.3 of the one before, but the last")
    both = SAY.design(replace(chain_design(), averaging=Averaging(0.3, at_the_end=True)))
    assert both.endswith("; each answer counts in 0.3 of the one before, the last one too")


def test_a_backbone_as_it_stands_has_no_early_exits() -> None:
    plain = next(by_energy([ChainResult((LARGE,), SOLVER.without_exits((LARGE,)))], SOLVER, Requirement(
        LARGE.log.correct[-1], 0.0, 0.0)))  # fmt: skip
    assert SAY.design(plain) == "A = the large one; no early exits"
    assert SAY.stage_labels(plain) == ["A · end"]


def test_a_bar_says_how_its_numbers_are_known() -> None:
    outcome = static_outcome(LARGE, 0.75, SOLVER.pricing, 2.0, 3)
    made = bar("static_max_clocks", outcome, "words", SOLVER.pricing)
    assert made == {
        "name": "static_max_clocks",
        "mode": "balanced",
        "accuracy": 0.75,
        "accuracy_kind": "measured",
        "energy_j": outcome.energy_j,
        "served_energy_j": outcome.served_energy_j,
        "energy_kind": "assumed",  # of the formula board
        "latency_s": outcome.latency_s,
        "split": "test",
        "operating_point": SOLVER.pricing.points[3].to_json(),
        "design": "words",
        "macs": LARGE.static.macs,
    }


def test_a_mode_accounts_for_every_image_by_exit_and_by_class(parts: Parts) -> None:
    chosen = chain_design()
    log = SOLVER.log(chosen.chain)
    outcome = outcome_of(chosen)
    labels = log.labels % 3
    data = parts.data  # three classes
    of_three = type(log)(log.entropy_nats, np.where(log.correct, labels, (labels + 1) % 3), labels)
    full_right = LARGE.log.correct[-1]
    made = mode_result("frugal", chosen, outcome, outcome, of_three, full_right, data, SOLVER.pricing, SAY)
    assert not made["default"]
    assert sum(exit_["test_share"] for exit_ in made["exits"]) == pytest.approx(1.0)
    assert [exit_["stage"] for exit_ in made["exits"]] == list(range(chosen.policy.stages))
    stages = stages_of([r.works for r in chosen.chain], chosen.design.mask)
    so_far = np.cumsum([stage.macs for stage in stages])
    assert [exit_["macs"] for exit_ in made["exits"]] == pytest.approx(so_far.tolist())
    assert sum(row["n"] for row in made["per_class"]) == log.samples
    right = sum(row["n"] * row["policy"] for row in made["per_class"])
    assert right / log.samples == pytest.approx(made["test"]["accuracy"])
    full = sum(row["n"] * row["full"] for row in made["per_class"])
    assert full / log.samples == pytest.approx(LARGE.accuracy)
    leavers = sum(e["test_share"] * e["accuracy_of_leavers"] for e in made["exits"] if e["test_share"])
    assert leavers == pytest.approx(made["test"]["accuracy"])


def test_a_mode_without_a_replay_is_no_mode(parts: Parts) -> None:
    static = static_outcome(LARGE, 0.75, SOLVER.pricing, 2.0, 3)
    chosen = chain_design()
    with pytest.raises(ValueError, match="its outcome has a replay"):
        mode_result(
            "frugal", chosen, static, static, SOLVER.log(chosen.chain), LARGE.log.correct[-1], parts.data,
            SOLVER.pricing, SAY,
        )  # fmt: skip


def test_the_fronts_are_those_of_each_family_on_select() -> None:
    made = fronts(RECORDS, RESULTS, RESULTS, SOLVER)
    assert (made["split"], made["kind"]) == ("select", "assumed")
    assert [point["accuracy"] for point in made["static"]] == [LARGE.accuracy, SMALL.accuracy]
    least_j = [float(SOLVER.pricing.static(r).energy_j.min()) for r in (LARGE, SMALL)]
    assert [point["energy_j"] for point in made["static"]] == least_j
    for family, results in (("single", RESULTS[:2]), ("chain", RESULTS[2:])):
        points = made[family]
        energies_j = [point["energy_j"] for point in points]
        assert energies_j == sorted(energies_j, reverse=True)
        assert len({point["accuracy"] for point in points}) == len(points)
        best = max(float(result.front.accuracy.max()) for result in results if result.front is not None)
        assert points[0]["accuracy"] == best
    assert len(made["searched"]) == sum(len(result.front) for result in RESULTS if result.front is not None)


def test_a_large_cloud_is_thinned_and_keeps_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fronts(RECORDS, RESULTS, RESULTS, SOLVER)["searched"]
    monkeypatch.setattr(results_step, "MAX_CLOUD_POINTS", 5)
    few = fronts(RECORDS, RESULTS, RESULTS, SOLVER)["searched"]
    assert len(few) == 5
    assert (few[0], few[-1]) == (whole[0], whole[-1])


def test_fronts_are_back_to_back_even_where_served_energy_was_minimised() -> None:
    served: ChainSolver = solver(InnerLimits(requests_per_s=2.0), energy="served")
    results = [ChainResult(chain, served(chain)) for chain in [(SMALL,), (LARGE,)]]
    made = fronts(RECORDS, results, results, served)
    costs = served.pricing.exited((SMALL,))
    dearest_j = max(float(served.pricing.exited((r,)).stage_costs(0b11).energy_j.sum(axis=0).max()) for r in RECORDS)
    assert all(point["energy_j"] <= dearest_j for point in made["single"])
    waiting_j = float(costs.idle_w.min()) / 2.0
    served_j = [float(e) for result in results if result.front is not None for e in result.front.energy_j]
    assert min(served_j) > waiting_j  # which back-to-back energies are below
    assert min(point["energy_j"] for point in made["single"]) < min(served_j)


def test_no_front_at_all_is_an_empty_list() -> None:
    made = fronts(RECORDS, [], [ChainResult((SMALL,), None)], SOLVER)
    assert (made["single"], made["chain"], made["searched"]) == ([], [], [])


def test_a_gain_is_given_or_absent() -> None:
    chosen = chain_design()
    outcome = outcome_of(chosen)
    assert gain(None) is None
    assert gain(FamilyGain(chosen, outcome, 0.25)) == {
        "energy_j": outcome.energy_j,
        "accuracy": outcome.accuracy,
        "saving_vs_static": 0.25,
    }
