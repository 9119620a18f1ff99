"""Whether to go on with a roll-out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")

from codesign.fleet.canaries import Change, Seen
from codesign.fleet.rollout import Judgement, Rules, Verdict, judged


def fleet(
    energy: float,
    *,
    latency: float = 0.0,
    canaries: int = 12,
    others: int = 40,
    spread: float = 0.01,
    common: float = 0.0,
    promised: float | None = 0.0,
    failed: int = 0,
    metered: bool = True,
    seed: int = 0,
) -> Seen:
    """Boards whose logarithms of after / before scatter by `spread` about the truth."""
    random = np.random.default_rng(seed)
    changes = []
    for number in range(canaries + others):
        canary = number < canaries
        noise = random.normal(common, spread, 2)
        mine = noise[0] + (energy if canary else 0.0)
        took = noise[1] + (latency if canary else 0.0)
        says = promised if canary else None
        changes.append(Change(f"d{number}", "tx2", canary, mine if metered else None, took, says, says))
    names = tuple(f"f{number}" for number in range(failed))
    return Seen("new", "old", tuple(changes), len(changes) + failed, 0, names, (), 0)


def verdict(seen: Seen) -> Judgement:
    return judged(seen, Rules())


def test_a_bundle_that_saves_energy_is_given_to_more_boards() -> None:
    found = verdict(fleet(-0.08))
    assert found.verdict is Verdict.WIDEN
    energy = found.effects[0]
    assert energy.low < np.expm1(-0.08) < energy.high < 0.0
    assert (energy.canaries, energy.others) == (12, 40)


def test_one_that_draws_more_is_taken_back() -> None:
    found = verdict(fleet(0.06))
    assert found.verdict is Verdict.ROLL_BACK
    assert found.reasons[0].startswith("energy is worse by +5.7% (+4.5% to +6.9%)")


def test_one_that_is_slower_is_taken_back_though_it_saves() -> None:
    assert verdict(fleet(-0.08, latency=0.15)).verdict is Verdict.ROLL_BACK


def test_what_it_promised_to_need_more_is_no_reason() -> None:
    assert verdict(fleet(0.06, promised=0.08)).verdict is Verdict.WIDEN
    assert verdict(fleet(0.06, promised=-0.2)).verdict is Verdict.ROLL_BACK


def test_what_changed_for_everybody_is_not_the_bundles_doing() -> None:
    assert verdict(fleet(-0.08, common=0.2)).verdict is Verdict.WIDEN
    assert verdict(fleet(0.06, common=-0.2)).verdict is Verdict.ROLL_BACK


def test_noise_and_few_boards_mean_to_wait() -> None:
    assert verdict(fleet(-0.08, spread=0.3)).verdict is Verdict.WAIT
    assert verdict(fleet(0.06, canaries=2)).verdict is Verdict.WAIT
    assert "energy is not known of 3 boards" in verdict(fleet(0.0, metered=False)).reasons[0]


def test_boards_that_rolled_it_back_by_themselves_count() -> None:
    assert verdict(fleet(-0.08, failed=9)).verdict is Verdict.ROLL_BACK
    found = verdict(fleet(-0.08, failed=1))
    assert found.verdict is Verdict.WAIT
    assert "1 of 13 boards rolled it back by themselves" in found.reasons[0]


@pytest.mark.parametrize("truth", [np.log(1.02) + 0.0])
def test_at_the_border_either_verdict_is_rarer_than_the_stated_error(truth: float) -> None:
    verdicts = [judged(fleet(truth, seed=seed), Rules(looks=1)).verdict for seed in range(400)]
    for wrong in (Verdict.WIDEN, Verdict.ROLL_BACK):
        assert verdicts.count(wrong) / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    assert verdicts.count(Verdict.ROLL_BACK) > 0
