"""A server within a budget of memory, from requests to hot swaps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.contract.operating_point import OperatingPoint
from runtime.install.activate import install
from runtime.serve.daemon import Daemon, Surroundings
from runtime.serve.governing import fixed
from runtime.serve.hot_swap import HotSwap, SwapRules
from runtime.serve.limits import Limits
from runtime.serve.mode_keeper import ModeKeeper
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import Budget, load
from runtime.serve.serving import Serving
from tests.runtime.serve.serving_doubles import Settled, request
from tests.tiny_cascade import random_images, write_tiny_bundle

# Four stages of about 0.6 MB: `one-shot` has one of them, `trunk-only` three, the others all.
ONE_MB, TWO_MB = 1_000_000, 2_000_000


def unheard(_: str) -> None:
    """Nobody listens."""


@pytest.fixture
def serving(bundle: Path) -> Iterator[Serving]:
    """Of `trunk-only` in use; nothing else has room beside it."""
    served = load(bundle, Limits(), budget=Budget(TWO_MB, "trunk-only", unheard))
    server = Serving(served, mode="trunk-only")
    yield server
    server.drain(5.0)


def test_the_mode_in_use_answers(serving: Serving) -> None:
    settled = Settled()
    serving.submit(request(), serving.bundle, settled)
    assert settled.wait()[0].answers is not None


def test_a_request_for_what_has_no_room_is_refused_and_costs_nothing(serving: Serving) -> None:
    with pytest.raises(Refused, match="does not fit into this server's memory budget") as refused:
        serving.submit(request(mode="balanced"), serving.bundle, Settled())
    assert refused.value.status == 503
    assert len(serving.queue) == 0


def test_a_switch_to_what_has_no_room_is_not_made(serving: Serving) -> None:
    assert not serving.use_mode("balanced")
    assert serving.mode == "trunk-only"
    assert serving.use_mode("trunk-only")
    assert serving.use_mode("no such mode")  # as ever: nothing changes
    assert serving.mode == "trunk-only"


def test_a_mode_that_has_room_is_switched_to_once_it_is_there(bundle: Path) -> None:
    served = load(bundle, Limits(), budget=Budget(3 * ONE_MB, "one-shot", unheard))  # all of them have room
    serving = Serving(served, mode="one-shot")
    assert serving.use_mode("balanced")
    settled = Settled()
    serving.submit(request(random_images(2)), served, settled)
    answers = settled.wait()[0].answers
    assert answers is not None
    assert np.isfinite(answers.logits).all()
    serving.drain(5.0)


def test_a_bundle_that_takes_over_keeps_to_the_budget_too(tmp_path: Path, serving: Serving) -> None:
    write_tiny_bundle(tmp_path / "next", seed=1)
    root, said = tmp_path / "root", list[str]()
    install(tmp_path / "next", root)
    swap = HotSwap(root, serving, SwapRules(budget_bytes=TWO_MB), report=said.append)
    swap.look()
    assert swap.stop(10.0)
    swap.look()
    assert serving.bundle.folder == (root / "current").resolve()
    assert serving.mode == "trunk-only"
    assert {name for name, mode in serving.bundle.modes.items() if mode.cascade is not None} == {"trunk-only"}
    assert any(text.startswith("loaded: trunk-only; about 2 of 2 MB") for text in said)


class Clocks:
    """What clocks were wanted."""

    def __init__(self) -> None:
        self.wanted: list[OperatingPoint] = []

    def want(self, point: OperatingPoint) -> None:
        self.wanted.append(point)

    def stop(self) -> None:
        """Nothing to stop."""


class Servers:
    """None."""

    alive = True

    def responds(self) -> bool:
        return True

    def stop(self, _: object) -> None:
        """Nothing to stop."""


@pytest.mark.parametrize(("mode", "clocks"), [("trunk-only", 1), ("balanced", 0)])
def test_clocks_are_switched_no_sooner_than_the_mode(mode: str, clocks: int, serving: Serving) -> None:
    kept: Any = Clocks()
    servers: Any = Servers()
    around = Surroundings(clocks=kept)
    daemon = Daemon(serving, servers, fixed(mode), around, threading.Event(), report=unheard)
    daemon.turn()
    assert len(kept.wanted) == clocks
    assert serving.mode == "trunk-only"


def test_the_end_waits_for_a_mode_that_is_being_loaded(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    servers: Any = Servers()
    stop = threading.Event()
    stop.set()
    daemon = Daemon(serving, servers, fixed(None), Surroundings(), stop, report=unheard)
    monkeypatch.setattr(ModeKeeper, "stop", lambda *_: False)
    daemon.run()
    assert daemon.hangs  # so that the process is left without Python's own end
