"""`edge-runtime measure`: records on disk, progress for a reader over ssh, clocks as they were."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from runtime.commands import measure
from runtime.commands.main import main
from runtime.contract.kind import Kind
from runtime.measure import open_apparatus
from runtime.measure.apparatus import Apparatus, header
from runtime.measure.network import Network
from runtime.measure.plan import Plan
from runtime.measure.plan_file import plan_from
from runtime.measure.records_file import open_records, read_records
from runtime.measure.session import carry_out
from tests import ort_double
from tests.ort_double import OrtDouble, use
from tests.runtime.commands.conftest import Outcome
from tests.runtime.measure.small_plan import (
    CHAIN,
    FAST,
    SLOW,
    HandClocks,
    HandMeter,
    HandTime,
    apparatus,
    small_plan,
    write_networks,
)

MODEL = "model:orin-nano-super"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_networks(tmp_path)
    return tmp_path


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> Apparatus:
    """A machine with clocks and nothing else, in place of the one that runs the tests."""
    found = apparatus(clocks=HandClocks())

    @contextmanager
    def opened(_spec: str, _powerd: Path | None) -> Iterator[Apparatus]:
        yield found

    monkeypatch.setattr(open_apparatus, "opened", opened)
    return found


def run(capsys: pytest.CaptureFixture[str], folder: Path, plan: Plan, *options: str) -> Outcome:
    (folder / "plan.json").write_text(json.dumps(plan.to_json()), encoding="utf-8")
    status = main(["measure", str(folder / "plan.json"), "--out", str(folder / "m.jsonl"), *options])
    return Outcome(status, *capsys.readouterr())


def test_the_plans_in_the_help_are_plans() -> None:
    text = measure.__doc__ or ""
    plans = [json.loads(block) for block in re.findall(r"^    \{(?:.|\n)*?\}$(?=\n\n)", text, re.MULTILINE)]
    least, full = (plan_from(table, "--help") for table in plans)
    assert (least.tasks[0][0].id, least.points) == ("mine", (None,))
    assert set(plans[1]) == set(full.to_json())
    shown = {"subjects", "points", "load", "reference"}
    defaults = Plan(full.subjects, reference="mine").to_json()
    assert {key for key, value in full.to_json().items() if value != defaults[key]} <= shown


@pytest.mark.usefixtures("at_hand")
def test_a_plan_becomes_records_and_a_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(capsys, folder, small_plan())
    assert outcome.status == 0
    assert "3 measured; " in outcome.out
    chain = next(line for line in outcome.out.splitlines() if line.startswith("chain at the clocks found: "))
    assert chain.count(" ms") == 3  # one for each exit
    assert "mJ" not in chain  # nothing was metered
    assert f"records: {folder / 'm.jsonl'}" in outcome.out
    records = read_records(folder / "m.jsonl")
    assert {record.subject for record in records.measurements} == {"chain", "lone", "plain"}
    assert records.header.kind is Kind.MEASURED


@pytest.mark.usefixtures("at_hand")
def test_without_a_terminal_there_is_a_line_for_each_step_and_for_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(capsys, folder, small_plan(CHAIN))
    lines = outcome.err.splitlines()
    assert "no energy: no power rail or energy counter of this machine can be read" in lines
    assert "0/1 reference chain" in lines
    assert lines[-1] == "1/1 done"


@pytest.mark.usefixtures("at_hand")
def test_the_summary_is_json_where_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = run(capsys, folder, small_plan(CHAIN), "--json").json()
    assert summary["measured"] == 1
    assert summary["kind"] == "measured"
    assert {"what", "why", "to_do"} == set(summary["missing"][0])


@pytest.mark.usefixtures("at_hand")
def test_on_a_terminal_there_is_a_bar(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rich.console.Console", lambda stderr: Console(stderr=stderr, force_terminal=True))
    outcome = run(capsys, folder, small_plan(CHAIN))
    assert outcome.status == 0
    assert "0/1 reference chain\n" not in outcome.err


@pytest.mark.usefixtures("at_hand")
def test_resuming_keeps_what_is_there_and_says_what_was_cut_short(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, folder, small_plan(CHAIN))
    refused = run(capsys, folder, small_plan(CHAIN))
    assert refused.status == 2
    assert "already holds measurements" in refused.err
    with (folder / "m.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"record": "meas')
    outcome = run(capsys, folder, small_plan(CHAIN), "--resume")
    assert outcome.status == 0
    assert "0 measured, 1 kept from before" in outcome.out
    assert "the last record was never finished" in outcome.err


def test_of_many_records_the_first_are_shown_with_their_energy(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    time = HandTime()
    found = apparatus(meter=HandMeter(time))
    with open_records(folder / "m.jsonl", header(found, "a", "now"), resume=False) as file:
        summary = carry_out(small_plan(), folder, found, file, time=time.source, tick=lambda *_: None)
        monkeypatch.setattr(measure, "SHOWN", 2)
        measure.print_summary(summary, file.records, folder / "m.jsonl", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].count(" mJ") >= 1
    assert lines[2] == "… and 1 more in the file"


def test_clocks_that_could_not_be_set_are_not_shown_as_if_they_had_been(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    time, found = HandTime(), apparatus()
    plan = small_plan(CHAIN, points=(SLOW,), without_clocks="as_found")
    with open_records(folder / "m.jsonl", header(found, "a", "now"), resume=False) as file:
        summary = carry_out(plan, folder, found, file, time=time.source, tick=lambda *_: None)
        measure.print_summary(summary, file.records, folder / "m.jsonl", as_json=False)
    assert f"chain at {SLOW} (not set: at the clocks found): " in capsys.readouterr().out


@pytest.mark.usefixtures("at_hand")
def test_noise_is_shown_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = measure.carry_out
    monkeypatch.setattr(
        measure, "carry_out", lambda *args, **named: replace(original(*args, **named), noisy=("chain: a draught",))
    )
    assert "  noisy: chain: a draught" in run(capsys, folder, small_plan(CHAIN)).out


def test_a_malformed_plan_is_refused_and_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(capsys, folder, small_plan(quality=replace(small_plan().quality, attempts=0)))
    assert outcome.status == 2
    assert "quality.attempts" in outcome.err
    assert not (folder / "m.jsonl").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whatever_signal_ends_it_the_clocks_return(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    at_hand: Apparatus,
    request: pytest.FixtureRequest,
    number: signal.Signals,
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    held = at_hand.clocks
    assert held is not None
    # Who starts tests in the background, or under nohup, has them ignored.
    for usual, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        request.addfinalizer(partial(signal.signal, usual, signal.signal(usual, handler)))

    def killed(*_: object) -> list[float]:
        assert held.current() == SLOW
        os.kill(os.getpid(), number)
        return [0.0, 1.0]

    monkeypatch.setattr(Network, "run", killed)
    outcome = run(capsys, folder, small_plan(CHAIN, points=(SLOW,)))
    assert outcome.status == 130
    assert held.current() == FAST
    assert signal.getsignal(signal.SIGTERM) is before
    assert read_records(folder / "m.jsonl").measurements == []


@pytest.mark.usefixtures("at_hand")
def test_under_nohup_a_lost_terminal_stops_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Network.run

    def hung_up(self: Network, *arguments: Any) -> list[float]:
        os.kill(os.getpid(), signal.SIGHUP)
        return original(self, *arguments)

    monkeypatch.setattr(Network, "run", hung_up)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(capsys, folder, small_plan(CHAIN)).status == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_with_the_clocks_of_a_model_nothing_is_called_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from runtime.boards.hardware import open_hardware

    clocks = open_hardware(MODEL).clocks
    assert clocks is not None
    plan = small_plan(CHAIN, points=(clocks.choices()[0],))
    outcome = run(capsys, folder, plan, "--hardware", MODEL, "--json")
    assert outcome.status == 0, outcome.err
    records = read_records(folder / "m.jsonl")
    assert records.measurements[0].pinned
    assert records.measurements[0].applied == clocks.choices()[0]
    assert records.header.kind is Kind.SIMULATED
    assert outcome.json()["kind"] == "simulated"


def test_this_machine_can_be_measured_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(capsys, folder, small_plan(CHAIN, energy=replace(small_plan().energy, max_s=0.1)))
    assert outcome.status == 0, outcome.err
    assert read_records(folder / "m.jsonl").measurements[0].latency_s > 0.0


@pytest.mark.usefixtures("at_hand")
def test_records_say_what_ran_the_networks_and_are_not_continued_on_another(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    double = use(monkeypatch, OrtDouble())
    assert run(capsys, folder, small_plan(CHAIN), "--provider", "cuda").status == 0
    assert any(ort_double.CUDA in given for given in double.asked)
    assert read_records(folder / "m.jsonl").header.software["provider"] == "cuda"
    outcome = run(capsys, folder, small_plan(CHAIN), "--resume")
    assert outcome.status == 2
    assert "begun differently: software changed" in outcome.err
