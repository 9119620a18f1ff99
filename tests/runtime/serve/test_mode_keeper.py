"""Modes come and go within a budget, beside the requests and never inside one."""

from __future__ import annotations

import threading

import pytest

from runtime.contract.errors import EngineError
from runtime.serve.mode_keeper import TRY_AGAIN_S, ModeKeeper
from runtime.serve.refusal import Refused
from runtime.serve.shelf import STAY_S, Shelf

MODES = {"balanced": "b", "accurate": "a", "frugal": "f", "calm": "b"}
SIZES = {"a": {"a": 50}, "b": {"b": 30}, "f": {"f": 10}}


class Bench:
    """A keeper whose loading takes as long as the test wants."""

    def __init__(self, budget_bytes: int, in_use: str = "balanced") -> None:
        self.calls: list[str] = []
        self.said: list[str] = []
        self.now_s = 0.0
        self.may_load = threading.Event()
        self.may_load.set()
        self.fails = False
        self.keeper = ModeKeeper(
            MODES,
            Shelf(SIZES, budget_bytes),
            load=self._load,
            drop=lambda design: self.calls.append(f"-{design}"),
            report=self.said.append,
            now_s=lambda: self.now_s,
        )
        self.keeper.start(in_use)

    def _load(self, design: str) -> None:
        assert self.may_load.wait(10.0)
        if self.fails:
            raise EngineError(f"design {design} is broken")
        self.calls.append(f"+{design}")

    def done(self) -> None:
        assert self.keeper.stop(10.0)


def test_at_the_start_the_mode_in_use_and_frugal_come_first_and_then_what_fits() -> None:
    assert Bench(100).calls == ["+b", "+f", "+a"]
    assert Bench(60).calls == ["+b", "+f"]
    assert Bench(60, in_use="accurate").calls == ["+a", "+f"]
    assert "loaded: balanced, frugal, calm; about 0 of 0 MB (estimated)" in Bench(60).said[-1]


def test_what_must_be_loaded_is_loaded_beyond_the_budget_and_it_is_said() -> None:
    bench = Bench(5)
    assert bench.keeper.loaded == {"b", "f"}
    assert "more than the budget" in bench.said[0]


def test_a_switch_waits_until_the_mode_is_there() -> None:
    bench = Bench(90)
    assert bench.keeper.use("accurate")
    bench = Bench(90, in_use="frugal")  # a and f and b
    assert bench.keeper.loaded == {"a", "b", "f"}


def test_a_mode_that_is_not_there_is_loaded_beside_the_requests() -> None:
    bench = Bench(65, in_use="frugal")  # f and b; a beside f alone
    assert bench.keeper.loaded == {"f", "b"}
    bench.may_load.clear()
    bench.now_s = STAY_S
    assert not bench.keeper.use("accurate")
    assert bench.keeper.in_use == "frugal"
    assert bench.keeper.use("frugal")  # it answers while the other is being loaded
    with pytest.raises(Refused, match="is being loaded") as refused:
        bench.keeper.asked("accurate")
    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    bench.may_load.set()
    bench.done()
    assert bench.calls[-2:] == ["-b", "+a"]
    assert bench.keeper.use("accurate")
    bench.keeper.asked("accurate")


def test_a_mode_that_never_fits_is_refused_and_said_once() -> None:
    bench = Bench(65)
    for _ in range(3):
        assert not bench.keeper.use("accurate")
    assert [text for text in bench.said if "does not fit" in text] == [
        "mode accurate does not fit into the memory budget beside mode balanced, which goes on"
    ]
    with pytest.raises(Refused, match="does not fit into this server's memory budget") as refused:
        bench.keeper.asked("accurate")
    assert refused.value.retry_after_s is None
    assert bench.calls == ["+b", "+f"]


def test_modes_of_one_design_are_there_together() -> None:
    bench = Bench(60)
    bench.keeper.asked("calm")
    assert bench.keeper.use("calm")


def test_two_that_take_turns_do_not_push_each_other_out_at_once() -> None:
    bench = Bench(65, in_use="frugal")
    with pytest.raises(Refused, match="is being loaded"):
        bench.keeper.asked("accurate")
    bench.done()
    assert bench.keeper.loaded == {"f", "b"}  # b has only just come
    bench.now_s = STAY_S
    with pytest.raises(Refused):
        bench.keeper.asked("accurate")
    bench.done()
    assert bench.keeper.loaded == {"f", "a"}


def test_a_design_that_cannot_be_loaded_is_left_alone_for_a_while() -> None:
    bench = Bench(65, in_use="frugal")
    bench.now_s, bench.fails = STAY_S, True
    assert not bench.keeper.use("accurate")
    bench.done()
    assert "design a cannot be loaded: design a is broken" in bench.said
    count = len(bench.said)
    assert not bench.keeper.use("accurate")
    bench.done()
    assert len(bench.said) == count
    bench.now_s, bench.fails = STAY_S + TRY_AGAIN_S, False
    assert not bench.keeper.use("accurate")
    bench.done()
    assert bench.keeper.use("accurate")
