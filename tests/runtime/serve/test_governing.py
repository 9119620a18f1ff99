"""The seam to a governor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.governor.forecast import Forecast
from runtime.governor.signals import Signals
from runtime.serve.gauges import Gauges
from runtime.serve.governing import Governed, Told, fixed, governed
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import CLOCKS

from .serving_doubles import Settled, leaving_at, request, scripted
from .test_recorder import answered

CALM = Signals(at_s=1.0, queued=0, requests_per_s=0.0)


def test_a_fixed_mode_is_decided_for_ever_at_its_own_clocks(served: ServedBundle) -> None:
    governor = fixed("one-shot")(served)
    decided = governor.decide(CALM)
    assert (decided.mode, decided.operating_point) == ("one-shot", CLOCKS)


def test_a_mode_that_the_bundle_lacks_gives_way_to_its_default(served: ServedBundle) -> None:
    assert fixed("turbo")(served).decide(CALM).mode == "balanced"
    assert fixed(None)(served).decide(CALM).mode == "balanced"


def test_signals_tell_queue_slack_heat_and_battery(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle), Settled()
    told = Told(serving, bundle, 0.0)
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    serving.submit(request(leaving_at(0), deadline_s=9.0), bundle, settled)
    signals = told.now(1.0, Gauges(lambda: 55.0, lambda: 0.5))
    cascade.hold.set()
    settled.wait(2)
    serving.drain(5.0)
    assert (signals.at_s, signals.queued, signals.temperature_c, signals.idle_s) == (1.0, 2, 55.0, 0.0)
    assert signals.battery_share == 0.5
    assert signals.slack_s is not None
    assert 8.0 < signals.slack_s <= 9.0


def test_rate_and_mix_of_exits_are_those_of_the_forecast(served: ServedBundle) -> None:
    bundle, _ = scripted(served)
    serving, settled = Serving(bundle), Settled()
    forecast = Forecast({name: one.mode for name, one in bundle.modes.items()}, 0.0, 0.0)
    answered(serving.recorder, bundle, 3, 3, 3)  # before anyone looked: not of this governor's time
    told = Told(serving, bundle, 0.0)
    for seen, at_s in enumerate((1.0, 1.5, 4.0), start=1):
        serving.submit(request(leaving_at(0, 1)), bundle, settled)  # two images are twice the work
        serving.recorder.answered(settled.wait(seen)[-1])
        forecast.arrived(2, at_s)
        forecast.left("balanced", 0)
        forecast.left("balanced", 1)
        signals = told.now(at_s, Gauges())
        assert signals.requests_per_s == forecast.requests_per_s > 0.0
        assert signals.exit_shares == forecast.exit_shares()
    serving.drain(5.0)
    assert told.now(60.0, Gauges()).requests_per_s < 0.1


def test_a_batch_counts_as_so_many_images_at_its_exits(served: ServedBundle) -> None:
    serving = Serving(served)
    told = Told(serving, served, 0.0)
    answered(serving.recorder, served, *[3] * 3000)
    shares = told.now(1.0, Gauges()).exit_shares
    serving.drain(5.0)
    assert shares["balanced"][3] > 0.95
    assert shares["trunk-only"] == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=0.01)


def test_with_nothing_to_do_idling_is_told(served: ServedBundle) -> None:
    serving = Serving(served)
    signals = Told(serving, served, 0.0).now(1.0, Gauges())
    serving.drain(5.0)
    assert (signals.queued, signals.slack_s, signals.temperature_c, signals.requests_per_s) == (0, None, None, 0.0)
    assert signals.idle_s >= 0.0


def test_without_a_deadline_one_that_the_promise_makes_sensible_is_planned_for(served: ServedBundle) -> None:
    governor = governed(None, None, None)(served)
    assert isinstance(governor, Governed)
    assert governor.rules.deadline_s == pytest.approx(6 * (0.001 + 0.002 + 0.003 + 0.004))


def test_the_governor_sheds_to_a_cheaper_mode_when_the_deadline_cannot_be_kept(served: ServedBundle) -> None:
    governor = governed("thorough", None, 0.05)(cheaper_in(served, "one-shot"))
    calm = Signals(at_s=0.0, queued=0, requests_per_s=1.0)
    assert governor.decide(calm).mode == "thorough"
    pressed = Signals(at_s=100.0, queued=20, requests_per_s=300.0, slack_s=0.03)
    decided = governor.decide(pressed)
    assert decided.mode == "one-shot"
    assert decided.operating_point == CLOCKS


def cheaper_in(bundle: ServedBundle, name: str) -> ServedBundle:
    """The same bundle, in which one mode is said to need less than the others."""
    served = bundle.modes[name]
    expected = {**served.mode.expected, "energy_j": Figure(0.001, Kind.SIMULATED, "test")}
    return replace(bundle, modes={**bundle.modes, name: replace(served, mode=replace(served.mode, expected=expected))})
