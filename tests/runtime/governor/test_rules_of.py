from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.boards.profile import profile
from runtime.contract.errors import ConfigError
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.contract.mode import Mode
from runtime.governor.rules_of import DEADLINE_FACTOR, promised_deadline_s, rules_of
from tests.tiny_cascade import promise

from .offered import modes


def _expecting(mode: Mode, name: str, accuracy: float, energy_j: float) -> Mode:
    figures = {"accuracy": accuracy, "energy_j": energy_j}
    return replace(mode, name=name, expected={k: Figure(v, Kind.ASSUMED, "a test") for k, v in figures.items()})


def _four() -> dict[str, Mode]:
    one = modes()["balanced"]
    told = {"accurate": (0.95, 4.0), "balanced": (0.94, 3.0), "spare": (0.80, 1.0), "frugal": (0.90, 2.0)}
    return {name: _expecting(one, name, *figures) for name, figures in told.items()}


def test_what_is_cheaper_is_shed_to_and_the_most_accurate_of_it_first() -> None:
    assert rules_of(_four(), "balanced", None, 0.1).modes == ("balanced", "frugal", "spare")
    assert rules_of(_four(), "spare", None, 0.1).shed_to == ()


def test_a_known_board_says_how_long_switches_take_and_where_it_throttles() -> None:
    rules = rules_of(_four(), "balanced", profile("orin-nano-super"), 0.05)
    assert (rules.throttle_c, rules.settle_s, rules.deadline_s) == (99.0, 0.008, 0.05)
    assert rules.dwell_s == pytest.approx(0.4)
    assert rules_of(_four(), "balanced", None, 0.05).throttle_c is None


@pytest.mark.parametrize("board", ["x86-cpu", "tx2", "nvidia-gpu"])
def test_every_kind_of_board_gives_rules_that_hold(board: str) -> None:
    assert rules_of(_four(), "balanced", profile(board), 0.1).dwell_s > 0


def test_a_sensible_deadline_is_a_multiple_of_the_slowest_mode_at_full_depth() -> None:
    assert promised_deadline_s({"quick": promise(2), "slow": promise(3)}) == pytest.approx(DEADLINE_FACTOR * 0.006)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="no mode 'thorough'"):
        rules_of(_four(), "thorough", None, 0.1)
