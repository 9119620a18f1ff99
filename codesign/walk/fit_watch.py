"""What a person sees while a predictor is fitted: the table of bins, and a bar for the batch being measured."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from codesign.predict.fitting.depth_bins import DepthBins
from codesign.predict.fitting.journal import Round

PLAIN_INTERVAL_S = 10.0  # without a terminal, a line now and then
SHOWN_ROUNDS = 6  # columns of past accuracies


class FitWatch:
    """Looks on at the loop; `shown()` around it draws the table where there is a terminal."""

    def __init__(
        self,
        bins: DepthBins,
        bin_accuracy: float,
        title: str,
        console: Console | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bins, self._bin_accuracy, self._title, self._now_s = bins, bin_accuracy, title, now_s
        self.console = console or Console(file=sys.stderr)
        self._rounds: list[Round] = []
        self._bar: tuple[int, int, str] = (0, 1, "")
        self._live: Live | None = None
        self._spoken_s = now_s()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the table on the screen while the block runs; the last one stays."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self._picture(), console=self.console, refresh_per_second=4) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None
                live.update(self.table())

    def tick(self, done: int, of: int, note: str) -> None:
        """A batch is being measured."""
        self._bar = (done, max(of, 1), note)
        if self._live is not None:
            self._live.update(self._picture())
        elif not self.console.is_terminal and self._now_s() - self._spoken_s >= PLAIN_INTERVAL_S:
            self._spoken_s = self._now_s()
            self.console.print(f"  batch: {done}/{of} {note}", highlight=False)

    def judged(self, done: Round) -> None:
        """A round has ended."""
        self._rounds.append(done)
        if self._live is not None:
            self._live.update(self._picture())
        else:
            worst = min(done.accuracy)
            number = done.accuracy.index(worst)
            passed = sum(done.passed(self._bin_accuracy))
            self.console.print(
                f"round {done.number + 1}: {done.measured} measured, {passed} of {len(self._bins)} bins pass; "
                f"worst {worst:.1%} at {self._bins.label(number)}",
                highlight=False,
            )

    def say(self, text: str) -> None:
        """A line of its own."""
        self.console.print(Text(text, style="yellow"))

    def table(self) -> Table:
        """Bins, how many designs of each were learnt from, and the accuracies of the last rounds."""
        shown = self._rounds[-SHOWN_ROUNDS:]
        table = Table(title=self._title, title_justify="left")
        table.add_column("bin")
        table.add_column("learnt from", justify="right")
        for done in shown:
            table.add_column(f"at {done.measured}", justify="right")
        table.add_column(f"≥ {self._bin_accuracy:.1%}")
        for number in range(len(self._bins)):
            accuracies = [done.accuracy[number] for done in shown]
            passed = bool(accuracies) and accuracies[-1] >= self._bin_accuracy
            verdict = "" if not accuracies else "[green]passes[/]" if passed else "[red]not yet[/]"
            count = str(shown[-1].per_bin[number]) if shown else ""
            table.add_row(self._bins.label(number), count, *(f"{value:.1%}" for value in accuracies), verdict)
        return table

    def _picture(self) -> Group:
        done, of, note = self._bar
        return Group(self.table(), ProgressBar(total=of, completed=done, width=60), Text(note, style="dim"))
