"""The default workplace: this process, one piece of work after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .workplace import Given, Heard, Item, Result, Task


@dataclass(frozen=True, slots=True)
class InProcess:
    """Runs everything where it is asked for. A board is taken to be this process's own."""

    def run(
        self,
        task: Task[Given, Item, Result],
        given: Given,
        items: Sequence[Item],
        heard: Heard[Result],
        board: str | None = None,  # noqa: ARG002 (one at a time is all there is)
    ) -> list[Result]:
        """See Workplace."""
        results = []
        for number, item in enumerate(items):
            results.append(task(given, item))
            heard(number, results[-1])
        return results
