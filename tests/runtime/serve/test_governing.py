"""The seam to a governor."""

from __future__ import annotations

from dataclasses import replace

from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.governor.signals import Signals
from runtime.serve.gauges import Gauges
from runtime.serve.governing import fixed, governed, signals_of
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import CLOCKS

from .serving_doubles import Settled, leaving_at, request, scripted
from .test_recorder import answered


def test_a_fixed_mode_is_decided_for_ever_at_its_own_clocks(served: ServedBundle) -> None:
    governor = fixed("one-shot")(served)
    serving = Serving(served)
    decided = governor.decide(signals_of(serving, 1.0, Gauges(), None))
    serving.drain(5.0)
    assert (decided.mode, decided.operating_point) == ("one-shot", CLOCKS)


def test_a_mode_that_the_bundle_lacks_gives_way_to_its_default(served: ServedBundle) -> None:
    serving = Serving(served)
    assert fixed("turbo")(served).decide(signals_of(serving, 1.0, Gauges(), None)).mode == "balanced"
    assert fixed(None)(served).decide(signals_of(serving, 1.0, Gauges(), None)).mode == "balanced"
    serving.drain(5.0)


def test_signals_tell_queue_slack_heat_and_the_latest_mix_of_exits(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle), Settled()
    answered(serving.recorder, bundle, 3, 3, 3)
    since = serving.recorder.recorded()
    answered(serving.recorder, bundle, 0, 1, 1, 1)
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    serving.submit(request(leaving_at(0), deadline_s=9.0), bundle, settled)
    signals = signals_of(serving, 1.0, Gauges(lambda: 55.0, lambda: 0.5), since)
    cascade.hold.set()
    settled.wait(2)
    serving.drain(5.0)
    assert signals.exit_shares == {"balanced": (0.25, 0.75, 0.0, 0.0)}
    assert (signals.at_s, signals.queued, signals.temperature_c, signals.idle_s) == (1.0, 2, 55.0, 0.0)
    assert signals.battery_share == 0.5
    assert signals.slack_s is not None
    assert 8.0 < signals.slack_s <= 9.0


def test_with_nothing_to_do_idling_is_told(served: ServedBundle) -> None:
    serving = Serving(served)
    signals = signals_of(serving, 1.0, Gauges(), None)
    serving.drain(5.0)
    assert (signals.queued, signals.slack_s, signals.temperature_c) == (0, None, None)
    assert signals.idle_s >= 0.0


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
