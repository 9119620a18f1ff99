"""A person sees each step, how far it is, and how long it took; with or without a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from codesign.walk import progress
from codesign.walk.progress import Steps


def steps(*, terminal: bool) -> tuple[Steps, io.StringIO]:
    text = io.StringIO()
    return Steps(Console(file=text, force_terminal=terminal, width=120)), text


@pytest.mark.parametrize("terminal", [True, False])
def test_a_finished_step_is_ticked_with_its_time(terminal: bool) -> None:
    made, text = steps(terminal=terminal)
    with made.step("data", "Reading") as tick:
        tick(1, 2, "half of it")
    assert "✓" in text.getvalue()
    assert "Reading" in text.getvalue()
    assert "0.0 s" in text.getvalue()
    assert made.seconds.keys() == {"data"}


@pytest.mark.parametrize("terminal", [True, False])
def test_a_step_that_fails_is_not_ticked_and_the_error_goes_on(terminal: bool) -> None:
    made, text = steps(terminal=terminal)
    with pytest.raises(RuntimeError, match="broke"), made.step("data", "Reading"):
        raise RuntimeError("broke")
    assert "✓" not in text.getvalue()
    assert made.seconds == {}


def test_a_step_taken_twice_counts_both_times(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 3.0, 10.0, 14.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    made, text = steps(terminal=False)
    for _ in range(2):
        with made.step("data", "Reading"):
            pass
    assert made.seconds == {"data": 7.0}
    assert "(3.0 s" in text.getvalue()


def test_without_a_terminal_a_line_is_said_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s[0])
    made, text = steps(terminal=False)
    with made.step("train", "Training") as tick:
        for step in range(100):
            now_s[0] += 0.25
            tick(step, 100, f"loss {step}")
    lines = [line for line in text.getvalue().splitlines() if "loss" in line]
    assert [line.strip() for line in lines] == ["Training: 39/100 loss 39", "Training: 79/100 loss 79"]


def test_a_terminal_gets_a_bar_that_says_how_far_it_is() -> None:
    made, text = steps(terminal=True)
    with made.step("train", "Training") as tick:
        tick(30, 40, "loss 0.5")
    assert "30/40" in text.getvalue()
    assert "loss 0.5" in text.getvalue()


def test_by_default_all_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    made = Steps()
    made.say("a line of its own")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "a line of its own\n"
