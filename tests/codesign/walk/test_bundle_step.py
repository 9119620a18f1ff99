"""Chosen designs become a bundle that computes what the uncut networks do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.policy.averaging import Averaging
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import Genome
from codesign.search.choose import ChosenDesign, by_energy
from codesign.search.ledger import ChainResult
from codesign.search.pricing import Pricing
from codesign.walk import bundle_step
from codesign.walk.bundle_step import GOLDEN_IMAGES, design_id, promise_of, stage_models, write_and_verify
from codesign.walk.outcome import Outcome, design_outcome
from codesign.walk.search_step import Finalist, train_finalist
from runtime.contract.bundle_files import read_modes
from runtime.contract.errors import BundleError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.kind import Kind
from runtime.contract.manifest import read_manifest
from runtime.contract.promise import Promise
from runtime.engine.bundle import open_bundle
from tests.codesign.walk.conftest import Parts, no_tick

SMALL, LARGE = (0,) * 9, (0, 1, 1, 0, 1, 1, 1, 0, 1)
Chosen = dict[str, tuple[ChosenDesign, dict[Genome, Finalist]]]


@pytest.fixture(scope="module")
def chosen(parts: Parts) -> Chosen:
    """A chain of two with exits in both, one backbone with an exit, and one as it stands."""
    recipe = parts.preset.training
    finalists = {genome: train_finalist(parts.evaluator, genome, recipe, 1, 0, no_tick) for genome in (SMALL, LARGE)}
    small, large = (finalists[genome].record for genome in (SMALL, LARGE))
    solver = parts.solver
    everything = Requirement(large.log.correct[-1], 1.0, 0.0)
    alone = solver.without_exits((small,))
    chain, single = (ChainResult(of, solver(of)) for of in ((small, large), (large,)))
    two = next(c for c in by_energy([chain], solver, everything) if len(c.chain) == 2)
    one = next(c for c in by_energy([single], solver, everything) if c.design.mask)
    none = next(by_energy([ChainResult((small,), alone)], solver, everything))
    return {"two": (two, finalists), "one": (one, finalists), "none": (none, finalists)}


def written(parts: Parts, chosen: Chosen, out: Path) -> tuple[bundle_step.Verification, dict[str, Outcome]]:
    pricing = parts.solver.pricing
    outcomes, promises = {}, {}
    for name, (design, _) in chosen.items():
        outcomes[name] = design_outcome(design, parts.solver.log(design.chain), pricing, 30.0)
        promises[name] = _promise(design, outcomes[name], pricing)
    modes = [(name, design, outcomes[name]) for name, (design, _) in chosen.items()]
    finalists = chosen["two"][1]
    verification = write_and_verify(
        out,
        modes,
        {},
        finalists,
        parts.data,
        promises,
        board="x",
        device="gpu",
        requests_per_s=30.0,
        provenance={"a": 1},
    )
    return verification, outcomes


def _promise(design: ChosenDesign, outcome: Outcome, pricing: Pricing) -> Promise:
    assert outcome.replay is not None
    costs = pricing.exited(design.chain).stage_costs(design.design.mask)
    return promise_of(costs, outcome.replay.exit_shares, design.design.point, pricing)


@pytest.fixture(autouse=True)
def default_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_step, "DEFAULT_MODE", "one")


def test_a_bundle_holds_what_each_mode_needs_and_expects(parts: Parts, chosen: Chosen, tmp_path: Path) -> None:
    verification, outcomes = written(parts, chosen, tmp_path / "bundle")
    manifest = read_manifest(tmp_path / "bundle")
    assert verification.bundle_id == manifest.bundle_id
    assert verification.golden_samples == GOLDEN_IMAGES
    assert 0.0 <= verification.max_difference <= 1e-5
    modes = read_modes(tmp_path / "bundle", manifest)
    for name, (design, _) in chosen.items():
        mode, outcome = modes[name], outcomes[name]
        assert (mode.policy, mode.operating_point) == (design.policy, design.design.operating_point)
        assert manifest.stages[mode.design] == design.policy.stages
        expected = {key: figure.value for key, figure in mode.expected.items()}
        assert expected == {
            "accuracy": outcome.accuracy,
            "energy_j": outcome.energy_j,
            "served_energy_j": outcome.served_energy_j,
            "latency_s": outcome.latency_s,
            "worst_latency_s": outcome.worst_latency_s,
            "requests_per_s": 30.0,
        }
        assert mode.expected["energy_j"].kind is Kind.SIMULATED
        assert mode.expected["requests_per_s"].kind is Kind.ASSUMED
        assert "select split, 33 images" in mode.expected["accuracy"].on


def test_the_bundle_answers_as_the_replay_said_image_by_image(parts: Parts, chosen: Chosen, tmp_path: Path) -> None:
    _, outcomes = written(parts, chosen, tmp_path / "bundle")
    for name, outcome in outcomes.items():
        engine = open_bundle(tmp_path / "bundle", name)
        answers = engine.infer_batch(parts.data.select.images)
        assert outcome.replay is not None
        # At a threshold taken from this very split one image lies on the border, where float32 may fall either way.
        differ = sum(a.exit_index != taken for a, taken in zip(answers, outcome.replay.exits_taken, strict=True))
        assert differ <= 1
        right = np.mean([a.class_index == label for a, label in zip(answers, parts.data.select.labels, strict=True)])
        assert right == pytest.approx(outcome.accuracy, abs=1.5 / len(answers))


def test_stages_are_as_many_as_the_policy_says(chosen: Chosen) -> None:
    for design, finalists in chosen.values():
        assert len(stage_models(design, finalists)) == design.policy.stages


def test_another_networks_stages_are_found_out(
    parts: Parts, chosen: Chosen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, finalists = chosen["none"]
    swapped = {SMALL: finalists[LARGE], LARGE: finalists[SMALL]}
    really = stage_models
    monkeypatch.setattr(bundle_step, "stage_models", lambda of, _: really(of, swapped))
    with pytest.raises(BundleError, match="computes other logits than its uncut network"):
        written(parts, {"one": (design, finalists), "two": chosen["none"]}, tmp_path / "bundle")


def test_modes_that_differ_in_thresholds_or_clocks_share_a_design_and_others_do_not(chosen: Chosen) -> None:
    design = chosen["two"][0]
    other_policy = replace(design, policy=ExitPolicy(tuple(0.1 for _ in design.policy.thresholds_nats)))
    other_point = replace(design, design=replace(design.design, point=0))
    other_mask = replace(design, design=replace(design.design, mask=design.design.mask ^ 1))
    other_chain = replace(design, chain=design.chain[1:])
    assert design_id(design) == design_id(other_policy) == design_id(other_point)
    averaged = replace(design, averaging=Averaging(0.3))
    assert len({design_id(d) for d in (design, other_mask, other_chain, averaged)}) == 4


def test_a_promise_is_what_each_stage_adds_at_its_own_clocks_and_at_those_worth_switching_to(
    parts: Parts, chosen: Chosen
) -> None:
    design, pricing = chosen["two"][0], parts.solver.pricing
    outcome = design_outcome(design, parts.solver.log(design.chain), pricing, 30.0)
    promise = _promise(design, outcome, pricing)
    costs, at = pricing.exited(design.chain).stage_costs(design.design.mask), design.design.point
    assert promise.stage_latency_s == tuple(costs.latency_s[:, at])
    assert promise.energy_j(1) == pytest.approx(costs.energy_j[:2, at].sum())
    assert (promise.kind, promise.hardware) == (pricing.model.kind, pricing.model.hardware)
    others = {row.operating_point: row for row in promise.at_other_clocks}
    assert pricing.points[at] not in others
    for point, row in others.items():
        assert row.stage_energy_j == tuple(costs.energy_j[:, pricing.points.index(point)])
    waiting_w = [promise.idle_w, *(row.idle_w for row in promise.at_other_clocks)]
    assert min(waiting_w) == costs.idle_w.min()
