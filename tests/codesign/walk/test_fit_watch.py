from __future__ import annotations

import io

from rich.console import Console

from codesign.predict.fitting.depth_bins import DepthBins
from codesign.predict.fitting.journal import Round
from codesign.walk.fit_watch import FitWatch

BINS = DepthBins.equal((4, 28), 5)
FIRST = Round(0, 300, 300, (60,) * 5, (0.90, 0.95, 0.97, 0.97, 0.96), 0.1)
SECOND = Round(1, 400, 398, (100, 80, 70, 70, 78), (0.96, 0.96, 0.97, 0.98, 0.97), 0.1)


def watch(terminal: bool, now_s: list[float] | None = None) -> tuple[FitWatch, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    times = iter(now_s or [0.0] * 99)
    return FitWatch(BINS, 0.95, "resnet, latency, measured", console, lambda: next(times)), out


def test_the_table_shows_every_bin_with_its_accuracies_and_its_verdict() -> None:
    seen, out = watch(terminal=True)
    with seen.shown():
        seen.judged(FIRST)
        seen.tick(3, 53, "design-3 at the clocks found")
        assert next(iter(seen.table().columns[-1].cells)) == "[red]not yet[/]"
        seen.judged(SECOND)
    shown = out.getvalue()
    for expected in ("4–8 blocks", "24–28 blocks", "at 300", "at 400", "90.0%", "passes", "resnet, latency, measured"):
        assert expected in shown


def test_without_a_terminal_each_round_is_a_line_that_names_the_worst_bin() -> None:
    seen, out = watch(terminal=False)
    with seen.shown():
        seen.judged(FIRST)
    assert out.getvalue() == "round 1: 300 measured, 4 of 5 bins pass; worst 90.0% at 4–8 blocks\n"


def test_without_a_terminal_a_batch_is_spoken_of_now_and_then() -> None:
    seen, out = watch(terminal=False, now_s=[0.0, 1.0, 11.0, 11.0, 12.0])
    for done in (1, 2, 3):
        seen.tick(done, 53, "design")
    assert out.getvalue() == "  batch: 2/53 design\n"


def test_before_the_first_round_the_table_has_no_verdicts() -> None:
    seen, _ = watch(terminal=False)
    assert seen.table().row_count == 5


def test_what_must_be_known_is_said() -> None:
    seen, out = watch(terminal=False)
    seen.say("batch 3: still [noisy]")
    assert out.getvalue() == "batch 3: still [noisy]\n"
