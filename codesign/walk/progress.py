"""What a person sees while a compilation runs: one bar per step, then how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tick = Callable[[int, int, str], None]  # done, of, what it says beside the bar
PLAIN_INTERVAL_S = 10.0  # without a terminal, a line now and then


def unheard_tick(_done: int, _of: int, _note: str) -> None:
    """Progress that nobody hears, where what runs is far away."""


class Steps:
    """The steps of a run, each with a bar, each timed."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Tick]:
        """Run a block as a step; it is handed a function to report its progress with."""
        started = time.monotonic()
        if self.console.is_terminal:
            columns = (
                TextColumn("[bold]{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("[dim]{task.fields[note]}"),
            )
            with Progress(*columns, console=self.console, transient=True) as bar:
                task = bar.add_task(title, total=None, note="")
                yield lambda done, of, note: bar.update(task, completed=done, total=of, note=note)
        else:
            spoken = started

            def tick(done: int, of: int, note: str) -> None:
                nonlocal spoken
                if time.monotonic() - spoken >= PLAIN_INTERVAL_S:
                    spoken = time.monotonic()
                    self.console.print(f"  {title}: {done}/{of} {note}", highlight=False)

            yield tick
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started
        self.console.print(f"[green]✓[/] {title} [dim]({self.seconds[name]:.1f} s)", highlight=False)

    def say(self, text: str) -> None:
        """A line of its own."""
        self.console.print(text, highlight=False)
