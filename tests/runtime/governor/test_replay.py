from __future__ import annotations

import json
from itertools import pairwise

import pytest

from runtime.contract.errors import DataError
from runtime.governor.replay import replay_trace, summarise
from runtime.governor.signals import Signals

from .offered import RULES, offers

TRACE = [Signals(0.5 * k, 1 if k % 3 else 0, 5.0 if k < 40 else 90.0, temperature_c=50.0 + k / 10) for k in range(81)]


def test_a_trace_is_decided_alike_every_time() -> None:
    assert list(replay_trace(TRACE, RULES, offers())) == list(replay_trace(TRACE, RULES, offers()))


def test_the_summary_accounts_for_all_of_the_time() -> None:
    steps = list(replay_trace(TRACE, RULES, offers()))
    told = summarise(steps)
    assert told.seconds == 40.0
    assert sum(told.mode_shares.values()) == pytest.approx(1.0)
    assert told.switches == sum(a.decision.operating_point != b.decision.operating_point for a, b in pairwise(steps))
    assert min(s.decision.drawn_w for s in steps) <= told.mean_w <= max(s.decision.drawn_w for s in steps)
    assert told.most_c == 58.0


def test_steps_and_summary_can_be_written_as_json() -> None:
    steps = list(replay_trace(TRACE[:3], RULES, offers()))
    table = json.loads(json.dumps([step.to_json() for step in steps]))
    assert table[0]["decision"]["mode"] == "balanced"
    assert json.loads(json.dumps(summarise(steps).to_json()))["seconds"] == 1.0


def test_a_trace_of_one_moment_has_no_summary() -> None:
    with pytest.raises(DataError, match="spans no time"):
        summarise(list(replay_trace(TRACE[:1], RULES, offers())))
