"""Thor's bandwidth manager."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour.bwmgr import DEVICE, Bwmgr
from runtime.boards.behaviour.emc import BPMP, EmcClock
from runtime.boards.behaviour.namespace import READ, WRITE, Namespace
from runtime.boards.behaviour.node import always

from .test_emc import emc_clock


class Thor:
    def __init__(self) -> None:
        self.clock: EmcClock = emc_clock()
        self.clock.stock_hz = 800_000_000
        self.clock.update()
        self.space = Namespace(Bwmgr(self.clock).nodes(always))

    def read(self, path: str) -> str:
        file = self.space.file(path, 0, READ)[1]
        assert file.read is not None
        return file.read().strip()

    def write(self, path: str, text: str) -> None:
        file = self.space.file(path, 0, WRITE)[1]
        assert file.write is not None
        file.write(text)


def test_a_lock_does_not_hold_until_the_manager_is_halted() -> None:
    thor = Thor()
    thor.clock.lock("1")
    thor.clock.ask("204000000")
    assert thor.clock.cur_hz == 800_000_000
    thor.write(f"{BPMP}/bwmgr/bwmgr_halt", "1")
    assert thor.clock.cur_hz == 204_000_000
    assert thor.read(f"{BPMP}/bwmgr/bwmgr_halt") == "1"


def test_its_limits_lift_and_cap_the_clock() -> None:
    thor = Thor()
    thor.write("/sys/class/devfreq/bwmgr/min_freq", "1600000000")
    assert thor.read(f"{DEVICE}/cur_freq") == "1600000000"
    thor.write("/sys/class/devfreq/bwmgr/max_freq", "800000000")
    assert thor.read(f"{DEVICE}/cur_freq") == "800000000"
    assert (thor.read(f"{DEVICE}/min_freq"), thor.read(f"{DEVICE}/max_freq")) == ("800000000", "800000000")
    thor.write("/sys/class/devfreq/bwmgr/max_freq", "0")
    thor.write("/sys/class/devfreq/bwmgr/min_freq", "0")
    assert (thor.read(f"{DEVICE}/min_freq"), thor.read(f"{DEVICE}/max_freq")) == ("204000000", "1600000000")


def test_it_lists_its_table() -> None:
    assert Thor().read(f"{DEVICE}/available_frequencies") == "204000000 800000000 1600000000"


@pytest.mark.parametrize("text", ["yes", "2"])
def test_the_switch_takes_0_and_1(text: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        Thor().write(f"{BPMP}/bwmgr/bwmgr_halt", text)
