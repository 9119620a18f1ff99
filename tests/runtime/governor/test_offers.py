from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError

from .offered import FAST, SLOW, modes, offers, promises

HALVES = {"balanced": (0.5, 0.5)}


def _index(mode: str, point: object) -> int:
    return next(k for k, offer in enumerate(offers().offers) if offer == type(offer)(mode, point))  # type: ignore[arg-type]


def test_every_mode_is_offered_at_its_own_clocks_and_at_those_its_promise_prices() -> None:
    found = offers()
    assert len(found.offers) == 6
    assert found.of_mode("frugal").sum() == 3


def test_latency_and_energy_are_weighted_by_how_often_each_exit_is_taken() -> None:
    prices, k = offers().prices({}), _index("balanced", FAST)
    assert prices.latency_s[k] == pytest.approx(0.004 + 0.3 * 0.006)
    assert prices.energy_j[k] == pytest.approx(13.0 * (0.004 + 0.3 * 0.006))
    other = offers().prices(HALVES)
    assert other.latency_s[k] == pytest.approx(0.004 + 0.5 * 0.006)


def test_power_at_a_rate_is_waiting_plus_what_requests_add() -> None:
    prices, k = offers().prices({}), _index("balanced", FAST)
    assert prices.drawn_w(0.0)[k] == 6.0
    busy = 10 * prices.latency_s[k]
    assert prices.drawn_w(10.0)[k] == pytest.approx(busy * 13.0 + (1 - busy) * 6.0)
    assert prices.drawn_w(1e9)[k] == pytest.approx(13.0)


def test_what_cannot_be_served_is_always_late() -> None:
    prices = offers().prices({})
    assert prices.late_share(1e4, 10.0).tolist() == [1.0] * 6
    assert (prices.late_share(10.0, 0.001) == 1.0).all()  # shorter than any first exit


@given(rate=st.floats(0.1, 60.0), deadline_s=st.floats(0.002, 1.0), more=st.floats(1.0, 3.0))
def test_more_requests_or_less_time_never_make_fewer_of_them_late(rate: float, deadline_s: float, more: float) -> None:
    prices = offers().prices({})
    late = prices.late_share(rate, deadline_s)
    assert ((late >= 0) & (late <= 1 + 1e-12)).all()
    assert (prices.late_share(rate * more, deadline_s) >= late - 1e-12).all()
    assert (prices.late_share(rate, deadline_s / more) >= late - 1e-12).all()
    assert (prices.late_share(rate, deadline_s, 0.02) >= late - 1e-12).all()


def test_the_tail_is_no_better_than_what_a_queue_of_poisson_arrivals_really_does() -> None:
    prices, k, rate, deadline_s = offers().prices({}), _index("balanced", SLOW), 35.0, 0.12
    rng = np.random.default_rng(0)
    arrives_s = np.cumsum(rng.exponential(1 / rate, 60_000))
    service_s = prices.prefix_s[k][(rng.random(60_000) > prices.shares[k, 0]).astype(int)]
    free_s, late = 0.0, 0
    for at_s, takes_s in zip(arrives_s, service_s, strict=True):
        free_s = max(free_s, at_s) + takes_s
        late += free_s - at_s > deadline_s
    told = prices.late_share(rate, deadline_s)[k]
    assert late / 60_000 <= told <= 4 * late / 60_000 + 0.01


def test_what_waits_is_cleared_only_where_the_last_of_it_is_in_time() -> None:
    prices = offers().prices({})
    assert prices.clears(0, None).all()
    k = _index("balanced", FAST)
    full_s = 0.010
    assert prices.clears(3, 2 * prices.latency_s[k] + full_s + 1e-9)[k]
    assert not prices.clears(3, 2 * prices.latency_s[k] + full_s - 1e-6)[k]


def test_unknown_modes_and_missing_promises_are_refused() -> None:
    with pytest.raises(ConfigError, match="no mode 'thorough'"):
        offers().of_mode("thorough")
    with pytest.raises(ConfigError, match=r"no promise for the modes \['frugal'\]"):
        type(offers())(modes(), {"balanced": promises()["balanced"]})
