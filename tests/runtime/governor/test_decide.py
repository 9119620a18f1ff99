from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.governor.decide import HEAT_STEP_S, Decision, decide, first_state
from runtime.governor.rules import Rules
from runtime.governor.signals import Signals

from .offered import FAST, MIDDLE, RULES, SLOW, offers


def decisions(rows: Sequence[Signals], rules: Rules = RULES) -> list[Decision]:
    known = offers()
    state = first_state(rows[0], rules, known)
    found = []
    for row in rows:
        state, decision = decide(state, row, rules, known)
        found.append(decision)
    return found


def steady(rate: float, seconds: float = 60.0, every_s: float = 0.5, **known: float) -> list[Signals]:
    return [Signals(k * every_s, 1, rate, **known) for k in range(int(seconds / every_s) + 1)]  # type: ignore[arg-type]


def test_a_light_load_is_served_at_slow_clocks_and_a_heavy_one_at_fast() -> None:
    assert decisions(steady(5.0))[-1].operating_point == SLOW
    assert decisions(steady(40.0))[-1].operating_point == MIDDLE
    heavy = decisions(steady(90.0))[-1]
    assert (heavy.mode, heavy.operating_point) == ("balanced", FAST)


def test_a_load_that_the_normal_mode_cannot_serve_in_time_is_shed_and_taken_back() -> None:
    rows = [*steady(250.0, 10.0), *(replace(row, at_s=row.at_s + 11.0) for row in steady(20.0, 10.0))]
    found = decisions(rows)
    assert found[20].mode == "frugal"
    assert found[20].why == "shed: deadline"
    assert found[-1].mode == "balanced"


def test_a_load_that_nothing_can_serve_gets_what_is_late_least() -> None:
    last = decisions(steady(5000.0))[-1]
    assert (last.mode, last.operating_point, last.why[:10]) == ("frugal", FAST, "overloaded")


def test_a_short_deadline_forbids_slow_clocks() -> None:
    last = decisions(steady(1.0), replace(RULES, deadline_s=0.015))[-1]
    assert last.operating_point == FAST


def test_a_queue_that_runs_out_of_time_calls_for_faster_clocks() -> None:
    calm = steady(5.0, 10.0)
    pressed = [Signals(10.5, 6, 5.0, slack_s=0.05), Signals(11.0, 6, 5.0, slack_s=0.05)]
    found = decisions([*calm, *pressed])
    assert found[len(calm) - 1].operating_point == SLOW
    assert found[-1].operating_point == FAST


def test_near_its_throttle_temperature_the_board_draws_less_step_by_step_and_recovers() -> None:
    hot = [replace(row, temperature_c=85.0) for row in steady(80.0, 120.0)]
    found = decisions(hot)
    assert found[0].operating_point == FAST
    assert found[-1].drawn_w < found[0].drawn_w
    assert found[-1].mode == "frugal"
    cool = [replace(row, at_s=row.at_s + 121.0, temperature_c=60.0) for row in steady(80.0, 400.0)]
    assert decisions([*hot, *cool])[-1].mode == "balanced"


@pytest.mark.parametrize("rate", [60.0, 120.0, 200.0])
def test_a_board_that_would_overheat_under_its_load_never_reaches_its_throttle_temperature(rate: float) -> None:
    known, rules = offers(), RULES
    kelvin_per_w, time_constant_s, ambient_c, step_s = 7.0, 90.0, 40.0, 0.5
    free_c = governed_c = ambient_c + kelvin_per_w * 4.0
    hottest_free_c = hottest_c = 0.0
    signals = Signals(0.0, 1, rate, temperature_c=governed_c)
    state = first_state(signals, rules, known)
    unlimited, calm = first_state(signals, rules, known), replace(rules, throttle_c=None)
    for tick in range(3600):
        signals = Signals(step_s * tick, 1, rate, temperature_c=governed_c)
        state, decision = decide(state, signals, rules, known)
        unlimited, without = decide(unlimited, signals, calm, known)
        share = step_s / time_constant_s
        governed_c += (ambient_c + kelvin_per_w * decision.drawn_w - governed_c) * share
        free_c += (ambient_c + kelvin_per_w * without.drawn_w - free_c) * share
        hottest_c, hottest_free_c = max(hottest_c, governed_c), max(hottest_free_c, free_c)
    assert rules.throttle_c is not None
    assert hottest_c < rules.throttle_c
    if rate > 150.0:
        assert hottest_free_c > rules.throttle_c  # so it was the governor that kept it


def test_between_too_warm_and_cool_again_nothing_moves() -> None:
    rows = [replace(row, temperature_c=82.0) for row in steady(80.0, 60.0)]
    assert len({d.operating_point for d in decisions(rows)}) == 1


def test_a_low_battery_is_served_frugally_until_it_is_charged_well_above() -> None:
    shares = [0.5, 0.19, 0.22, 0.26]
    rows = [replace(row, battery_share=shares[k // 21]) for k, row in enumerate(steady(5.0, 41.5))]
    found = decisions(rows)
    assert [found[k].mode for k in (20, 41, 62, 83)] == ["balanced", "frugal", "frugal", "balanced"]


def test_clocks_that_wait_dearly_are_parked_where_waking_still_keeps_the_deadline() -> None:
    rules = replace(RULES, deadline_s=0.03)  # too short for the slowest clocks; waking takes 0.025 s of it
    rows = [Signals(0.5 * k, 0, 0.01, idle_s=0.5 * k) for k in range(8)]
    assert not any(d.parked for d in decisions(rows, rules))
    patient = replace(rules, write_s=0.001, settle_s=0.001)
    found = decisions(rows, patient)
    assert found[-1].parked
    assert found[-1].operating_point == SLOW
    woken = decisions([*rows, Signals(4.01, 1, 0.5, slack_s=0.025)], patient)[-1]
    assert woken.operating_point != SLOW
    assert woken.why.startswith("woken")


RATES = st.lists(
    st.tuples(st.floats(0.0, 400.0), st.integers(0, 20), st.floats(20.0, 95.0), st.floats(0.01, 1.0)),
    min_size=2,
    max_size=60,
)


@given(drawn=RATES)
def test_clocks_never_switch_within_the_dwell_but_to_wake(drawn: list[tuple[float, int, float, float]]) -> None:
    at_s, rows = 0.0, []
    for rate, queued, temperature_c, after_s in drawn:
        at_s += after_s
        rows.append(Signals(at_s, queued, rate, idle_s=0.0 if queued else 5.0, temperature_c=temperature_c))
    found = decisions(rows)
    switched_s = -1e9
    for k in range(1, len(rows)):
        if found[k].operating_point == found[k - 1].operating_point:
            continue
        woken = found[k - 1].parked and not found[k].parked
        assert woken or rows[k].at_s - switched_s >= RULES.dwell_s - 1e-9
        switched_s = rows[k].at_s


@given(drawn=RATES)
def test_the_same_signals_are_always_decided_alike(drawn: list[tuple[float, int, float, float]]) -> None:
    rows = [Signals(0.3 * k, queued, rate, temperature_c=c) for k, (rate, queued, c, _) in enumerate(drawn)]
    assert decisions(rows) == decisions(rows)


def test_heat_is_answered_no_faster_than_a_heat_sink() -> None:
    hot = [replace(row, temperature_c=89.0) for row in steady(80.0, HEAT_STEP_S - 0.5)]
    drawn = [d.drawn_w for d in decisions(hot)]
    assert drawn[1:] == drawn[1:2] * (len(drawn) - 1)


def test_rules_that_name_no_mode_are_refused() -> None:
    with pytest.raises(ConfigError, match="no mode 'thorough'"):
        decisions(steady(1.0), replace(RULES, mode="thorough"))
