"""Listening to jetson-stats in another process: restarted when it ends, None when it is silent, reaped at the end."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.boards.jtop import Jtop
from tests.runtime.boards.fake_jtop import write_jtop

GOOD = {
    "rails": {
        "VDD_IN": {"power_w": 5.04, "voltage_v": 5.0, "current_a": 1.008},
        "VIN": {"power_w": 18.25, "voltage_v": None, "current_a": None},
        "backwards": {"power_w": -3.0, "voltage_v": 5.0, "current_a": -0.6},
    },
}


def until(true: Callable[[], object], limit_s: float = 10.0) -> bool:
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if true():
            return True
        time.sleep(0.01)
    return False


@contextmanager
def listening(source: str, *, silence_s: float = 30.0, interval_s: float = 0.5) -> Iterator[Jtop]:
    """A Jtop over a child that runs a few lines of Python instead of the reader."""
    command = (sys.executable, "-S", "-c", f"import sys, time\n{source}")
    with Jtop(interval_s, command=command, first_pause_s=0.02, silence_s=silence_s) as jtop:
        yield jtop


def says(*lines: object, then: str = "time.sleep(60)") -> str:
    """A child that prints each line, an object as JSON and a text as it is."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return "".join(f"print({text!r}, flush=True)\n" for text in texts) + then


def test_rails_of_jetson_stats_are_read_through_the_real_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jtop(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[3]}")
    with Jtop(0.05) as jtop:
        rails = jtop.rails(timeout_s=20.0)
        assert set(rails) == {"VDD_IN", "VDD_SOC", "VIN"}
        reading = rails["VDD_IN"].read()
    assert "jtop" not in sys.modules
    assert reading is not None
    assert reading.power_w == pytest.approx(5.0)
    assert (reading.scope, reading.method) == ("VDD_IN", "jtop")


def test_steps_are_those_of_the_current_and_of_the_print_where_there_is_none() -> None:
    with listening(says(GOOD)) as jtop:
        rails = jtop.rails()
        readings = {name: rail.read() for name, rail in rails.items()}
        assert jtop.why_silent is None
    assert readings["backwards"] is None
    vdd_in, vin = readings["VDD_IN"], readings["VIN"]
    assert vdd_in is not None
    assert vin is not None
    assert vdd_in.power_w == pytest.approx(5.04)
    assert vdd_in.quantum_w == pytest.approx(0.04)
    assert vin.power_w == 18.25
    assert vin.quantum_w == 1e-3


def test_a_line_that_is_stale_is_no_reading() -> None:
    now = [100.0]
    command = (sys.executable, "-S", "-c", f"import time\n{says(GOOD)}")
    with Jtop(0.5, command=command, now_s=lambda: now[0], silence_s=1e9) as jtop:
        rail = jtop.rails()["VDD_IN"]
        assert rail.read() is not None
        now[0] += 1.6
        assert rail.read() is None


def test_a_rail_that_a_later_line_leaves_out_is_none() -> None:
    less = {"rails": {"VIN": GOOD["rails"]["VIN"]}}
    with listening(says(GOOD, then="time.sleep(0.1)\n" + says(less))) as jtop:
        rail = jtop.rails()["VDD_IN"]
        assert until(lambda: rail.read() is None)
        assert jtop.last() is not None


def test_a_reader_that_ends_is_started_again() -> None:
    with listening(says(GOOD, then="")) as jtop:
        assert until(lambda: jtop.starts >= 3)
        assert jtop.why_silent in (None, "the reader ended with status 0")


def test_pauses_between_starts_grow_up_to_a_limit_while_the_reader_has_nothing_to_say() -> None:
    pauses_s: list[float] = []

    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses_s.append(timeout or 0.0)
            return super().wait(0.0)

    jtop = Jtop(command=("/nowhere/python",), first_pause_s=10.0)
    jtop._stop = Impatient()
    with jtop:
        assert until(lambda: len(pauses_s) >= 5)
    assert pauses_s[:5] == [10.0, 20.0, 40.0, 60.0, 60.0]


def test_a_reader_that_ends_without_a_word_is_told_by_its_status() -> None:
    with listening("sys.exit(7)") as jtop:
        assert until(lambda: jtop.why_silent == "the reader ended with status 7")


def test_a_reader_that_falls_silent_is_ended_and_started_again() -> None:
    with listening("time.sleep(60)", silence_s=0.05) as jtop:
        assert until(lambda: jtop.starts >= 2)
        assert jtop.why_silent == "the reader said nothing for 0.05 s"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"error": "The jtop.service is not active"}, "The jtop.service is not active"),
        ({"volts": {}}, "something else than expected: KeyError"),
        ("nonsense", "something else than expected: JSONDecodeError"),
        ("[1]", "something else than expected"),
        (
            {"rails": {"VIN": {"power_w": None, "voltage_v": None, "current_a": None}}},
            "a rail without a number",
        ),
        (
            '{"rails": {"V": {"power_w": NaN, "voltage_v": 1, "current_a": 1}}}',
            "a rail without a number",
        ),
    ],
)
def test_a_complaint_or_nonsense_is_kept_as_the_reason_for_the_silence(line: object, why: str) -> None:
    with listening(says(line)) as jtop:
        assert until(lambda: why in (jtop.why_silent or ""))
        assert jtop.rails(timeout_s=0.0) == {}


def test_a_line_without_end_is_cut_off() -> None:
    with listening("while True: sys.stdout.write('x' * 65536)") as jtop:
        assert until(lambda: jtop.starts >= 2)


def test_a_reader_that_cannot_be_started_says_so() -> None:
    with Jtop(command=("/nowhere/python",), first_pause_s=0.01) as jtop:
        assert until(lambda: "the reader does not start" in (jtop.why_silent or ""))


def test_a_reader_that_does_not_want_to_end_is_killed() -> None:
    source = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{says(GOOD)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runtime.boards.jtop.REAP_S", 0.05)
        with listening(source) as jtop:
            assert jtop.rails()
    assert jtop.why_silent == "the reader ended with status -9" or jtop.why_silent is None


def test_starting_and_closing_twice_changes_nothing() -> None:
    with listening(says(GOOD)) as jtop:
        jtop.start()
        assert jtop.rails()
        assert jtop.starts == 1
    jtop.close()
