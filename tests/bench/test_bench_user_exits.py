"""The benches of exit policies: what they call saved and lost is so, and no image both chooses and judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_grid import InnerLimits
from runtime.contract.arrays import IntArray
from tests.bench import bench_certificate
from tests.bench.bench_user_exits import frontier, measured, one_split, summary_of
from tests.bench.mac_pricing import mac_pricing
from tests.bench.pooled_answers import PooledAnswers, answers_in, checked

SOLVER = ChainSolver(mac_pricing(), InnerLimits(2), 12)
SAMPLES, CLASSES = 600, 4


def network(name: str, skill: float, macs: float, seed: int) -> PooledAnswers:
    """Two exits and an end; the deeper, the better."""
    rng = np.random.default_rng(seed)
    labels = np.random.default_rng(7).integers(0, CLASSES, SAMPLES)
    depth = np.asarray([0.6, 0.8, 1.0])[:, None, None]
    logits = skill * depth * np.eye(CLASSES)[labels] + rng.normal(size=(3, SAMPLES, CLASSES))
    return PooledAnswers(name, logits, labels, np.full(3, macs / 3), np.full(2, macs / 30))


SMALL, LARGE = network("small", 4.0, 3e6, 0), network("large", 5.0, 9e6, 1)


def parts(samples: int = SAMPLES) -> tuple[IntArray, IntArray, IntArray]:
    select, certify, judged = np.split(np.random.default_rng(0).permutation(samples), [150, 300])
    return select, certify, judged


def test_costs_are_multiply_accumulates_and_nothing_else() -> None:
    record = LARGE.record(0, np.arange(SAMPLES))
    costs = SOLVER.pricing.exited([record]).stage_costs(0b01)
    np.testing.assert_allclose(costs.energy_j[:, 0] * 1e9, [3.3e6, 6e6])
    assert SOLVER.pricing.static(record).energy_j[0, 0] * 1e9 == pytest.approx(9e6)
    assert costs.idle_w.tolist() == [0.0]


def test_a_chain_saves_more_for_a_greater_loss_and_harms_no_less_than_it_loses() -> None:
    rows = one_split([SMALL, LARGE], SOLVER, *parts())
    strict, lax = (rows[f"loss {points} points, 0 standard errors"] for points in ("0", "1"))
    assert lax["saved"] >= strict["saved"] > 0.3
    assert all(row["harm"] >= row["lost"] - 1e-12 for row in rows.values())
    assert "certified" in rows


def test_what_fine_tuning_loses_counts_against_the_network_as_it_was_brought() -> None:
    select, certify, judged = parts()
    knows_all = 9.0 * np.eye(CLASSES)[SMALL.labels][None]
    brought = PooledAnswers("as brought", knows_all, SMALL.labels, np.asarray([3e6]), np.zeros(0))
    lost = 1.0 - float((SMALL.logits[-1].argmax(axis=1) == SMALL.labels)[judged].mean())
    assert lost > 0.0
    tuned = one_split([SMALL], SOLVER, select, certify, judged)
    against = one_split([SMALL], SOLVER, select, certify, judged, brought)
    for name, row in tuned.items():
        if row["exits"] > 0:
            assert against[name]["lost"] == pytest.approx(row["lost"] + lost)
        assert against[name]["harm"] == row["harm"]
        assert against[name]["saved"] == row["saved"]


def test_without_images_for_it_nothing_is_certified() -> None:
    select, certify, judged = parts()
    rows = one_split([LARGE], SOLVER, np.concatenate([select, certify]), None, judged)
    assert "certified" not in rows


def test_whole_networks_have_no_exits_of_their_own() -> None:
    whole = [SMALL.without_exits(), LARGE.without_exits()]
    assert [len(one.segment_macs) for one in whole] == [1, 1]
    rows = one_split(whole, ChainSolver(mac_pricing(), InnerLimits(2), 12), *parts())
    assert all(row["exits"] <= 1 for row in rows.values())


def test_an_arm_has_every_rule_with_its_spread_and_a_frontier_that_rises() -> None:
    arm = measured([LARGE], SOLVER, splits=2, seed=0, judged=300, whole=False)
    assert (arm["select"], arm["judged"]) == (150, 300)
    assert arm["rules"]["certified"]["violated"]["mean"] in (0.0, 0.5, 1.0)
    saved = list(arm["frontier"].values())
    assert saved == sorted(saved)


def test_the_frontier_is_of_tuned_rules_that_lose_no_more_in_the_mean() -> None:
    rows = {
        name: [{"saved": saved, "lost": lost}] * 2
        for name, saved, lost in (("a", 0.2, 0.004), ("b", 0.3, 0.006), ("certified", 0.9, 0.0))
    }
    found = frontier({name: summary_of(some, 0.005) for name, some in rows.items()})
    assert (found["0.1"], found["0.5"], found["1"]) == (0.0, 0.2, 0.3)


def test_answers_are_read_as_they_were_kept(tmp_path: Path) -> None:
    file = tmp_path / "small.npz"
    kept = {"calibration": SMALL.logits[:, :400], "calibration_y": SMALL.labels[:400]}
    kept |= {"test": SMALL.logits[:, 400:], "test_y": SMALL.labels[400:]}
    np.savez(file, seg=SMALL.segment_macs, hm=SMALL.head_macs, **kept)
    found = answers_in(file)
    np.testing.assert_array_equal(found.logits, SMALL.logits)
    assert (found.name, found.macs) == ("small", SMALL.macs)
    assert [one.name for one in checked([LARGE, found])] == ["small", "large"]


def test_networks_that_saw_different_images_are_refused() -> None:
    other = PooledAnswers("other", LARGE.logits, LARGE.labels[::-1], LARGE.segment_macs, LARGE.head_macs)
    with pytest.raises(SystemExit, match="different images"):
        checked([SMALL, other])


def test_certificates_are_judged_on_images_that_chose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SELECTED", 200), ("CERTIFIED", 200), ("DRAWS", 2), ("EPSILONS", (0.05,))):
        monkeypatch.setattr(bench_certificate, name, value)
    rows = bench_certificate.measured([SMALL, LARGE], splits=6, seed=0)
    assert {row["walk"] for row in rows} == {"shared", "scaled"}
    assert {row["splits"] for row in rows} == {6}
    assert all(0.0 <= row["mean_harm"] <= 0.1 for row in rows)
