"""Modes that are served are watched: what is done about drift, and what is said."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from runtime.contract.operating_point import OperatingPoint
from runtime.serve.served_bundle import ServedBundle
from runtime.telemetry.guarding import ENERGY, TIME, Guarding
from runtime.telemetry.inference import Circumstances, Inference, ServedAs
from tests.tiny_cascade import CLOCKS

COSTS = (0.01, 0.02, 0.03, 0.04)
USUAL_MIX = [(0, 0.2)] * 3 + [(0, 0.9)] * 3 + [(1, 0.5)] * 2 + [(2, 0.5), (3, 0.5)]


class Said:
    """Keeps the events."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.texts: list[str] = []

    def __call__(self, name: str, text: str, *, bundle_id: str | None = None, mode: str | None = None) -> None:
        assert bundle_id is not None
        assert mode is not None
        self.names.append(name)
        self.texts.append(text)


def served_as(bundle: ServedBundle, mode: str = "balanced", *, comparable: bool = True) -> ServedAs:
    return ServedAs(bundle.bundle_id, mode, COSTS, COSTS, comparable=comparable)


def feed(guarding: Guarding, served: ServedAs, mix: list[tuple[int, float]], images: int, *, at_s: float = 0.0) -> None:
    """Images that leave as the mix says; each takes what was promised and draws twice that, one a second."""
    for k in range(images):
        exit_index, nats = mix[k % len(mix)]
        cost = COSTS[exit_index]
        guarding.saw(Inference(at_s + k, served, exit_index, nats, cost, cost, 2 * cost))


def test_a_drifted_mode_is_made_cautious_step_by_step_and_trusted_again(served: ServedBundle) -> None:
    said = Said()
    guarding, mode = Guarding(lambda: served, said), served.modes["balanced"]
    feed(guarding, served_as(served), USUAL_MIX, 500)
    assert said.names == []
    feed(guarding, served_as(served), [(0, 0.2)], 400)
    assert said.names[0] == "drift"
    assert "half of its thresholds" in said.texts[0]
    feed(guarding, served_as(served), [(0, 0.2)], 2000)
    assert said.names == ["drift", "drift"]
    assert "full depth" in said.texts[1]
    assert mode.caution.cascade is not None
    assert mode.caution.cascade.policy.thresholds_nats == (-math.inf,) * 3
    feed(guarding, served_as(served), USUAL_MIX, 4500)
    assert said.names[-1] == "recovered"
    assert mode.caution.cascade is None


def test_while_a_mode_is_cautious_its_own_thresholds_are_tested(served: ServedBundle) -> None:
    said = Said()
    guarding, about = Guarding(lambda: served, said), served_as(served)
    feed(guarding, about, [(0, 0.2)], 3000)
    assert served.modes["balanced"].caution.level == 2
    for k in range(4000):  # all leave last, but would have left as expected
        usual_exit, usual_nats = USUAL_MIX[k % 10]
        guarding.saw(Inference(k / 10, about, 3, 0.4, 0.04, 0.04, None, usual_exit, usual_nats))
    assert said.names[-1] == "recovered"


def test_a_mode_without_early_exits_alarms_and_changes_nothing(served: ServedBundle) -> None:
    said, thorough = Said(), served.modes["thorough"]
    expected = served.modes["balanced"].mode.expected_answers
    knowing = replace(thorough, mode=replace(thorough.mode, expected_answers=expected))
    bundle = replace(served, modes={**served.modes, "thorough": knowing})
    feed(Guarding(lambda: bundle, said), served_as(bundle, "thorough"), [(3, 0.2)], 3000)
    assert said.names == ["drift"]
    assert "no image leaves early anyway" in said.texts[0]
    assert knowing.caution.cascade is None


def test_a_bundle_that_does_not_know_what_to_expect_is_named_once(served: ServedBundle) -> None:
    said = Said()
    guarding = Guarding(lambda: served, said)
    for mode in ("trunk-only", "one-shot", "trunk-only"):
        feed(guarding, served_as(served, mode), [(0, 0.2)], 10)
    assert said.names == ["no drift test"]


@pytest.mark.parametrize(("one_in", "alarmed"), [(0, False), (1, True), (50, False)])
def test_one_image_in_so_many_is_tested(served: ServedBundle, one_in: int, alarmed: bool) -> None:
    guarding = Guarding(lambda: served, Said(), one_in=one_in)
    feed(guarding, served_as(served), [(0, 0.2)], 600)
    guard = guarding.modes["balanced"].guard
    assert guard is not None
    assert (guard.alarms > 0) == alarmed


def test_after_a_swap_all_is_watched_anew_and_the_bundle_before_is_trusted(served: ServedBundle) -> None:
    other = replace(served, manifest=replace(served.manifest, bundle_id="other"))
    current, said = [served], Said()
    guarding = Guarding(lambda: current[0], said)
    feed(guarding, served_as(served), [(0, 0.2)], 3000)
    assert served.modes["balanced"].caution.level == 2
    current[0] = other
    guarding.ticked(Circumstances())
    assert served.modes["balanced"].caution.level == 0
    feed(guarding, served_as(served), [(0, 0.2)], 100)  # still answered by the bundle before
    assert guarding.modes == {}
    feed(guarding, served_as(other), [(0, 0.2)], 100)
    assert guarding.modes.keys() == {"balanced"}


def test_costs_off_the_promise_are_said_where_they_can_be_compared(served: ServedBundle) -> None:
    said = Said()
    guarding = Guarding(lambda: served, said)
    guarding.ticked(Circumstances(applied=CLOCKS))
    feed(guarding, served_as(served), USUAL_MIX, 7000)
    assert said.names == ["drift: cost"]
    assert "energy per image is 2.00 times what the bundle promised" in said.texts[0]
    costs = guarding.modes["balanced"].costs
    assert costs[TIME].ratio == pytest.approx(1.0)


def test_costs_at_other_clocks_and_shared_out_energy_are_not_judged(served: ServedBundle) -> None:
    said = Said()
    guarding = Guarding(lambda: served, said)
    guarding.ticked(Circumstances(applied=OperatingPoint(1_000_000_000, 300_000_000, 2_133_000_000)))
    feed(guarding, served_as(served), USUAL_MIX, 7000)
    guarding.ticked(Circumstances(applied=CLOCKS))
    feed(guarding, served_as(served, comparable=False), USUAL_MIX, 7000)
    assert said.names == []
    assert guarding.modes["balanced"].costs[ENERGY].ratio is None


def test_an_entropy_that_no_exit_computed_counts_as_the_least_sure(served: ServedBundle) -> None:
    said = Said()
    feed(Guarding(lambda: served, said), served_as(served), [(0, math.nan)], 150)
    assert said.names[0] == "drift"


def test_images_that_shared_a_batch_are_not_compared_with_a_promise_for_one(served: ServedBundle) -> None:
    guarding, about = Guarding(lambda: served, Said()), served_as(served)
    for k in range(7000):
        guarding.saw(Inference(float(k), about, 0, 0.2, 0.001, 0.001, None, batch_images=8))
    assert guarding.modes["balanced"].costs[TIME].ratio is None
