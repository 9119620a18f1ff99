"""The contract of a place where pieces of work run, many at once or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Item = TypeVar("Item")
Result = TypeVar("Result")

Task = Callable[[Given, Item], Result]
Heard = Callable[[int, Result], None]  # the number of an item, and its result


class Workplace(Protocol):
    """InProcess needs nothing; RayWorkplace is a cluster. Where a piece runs must never change what comes of it."""

    def run(
        self,
        task: Task[Given, Item, Result],
        given: Given,
        items: Sequence[Item],
        heard: Heard[Result],
        board: str | None = None,
    ) -> list[Result]:
        """`task(given, item)` for every item; results in the order of the items, whatever order they came in.

        Args:
            task: a function at the top of a module, since other machines import it. It depends on its arguments alone,
                and leaves nothing behind but its result: where a worker is lost, its pieces are done again elsewhere.
            given: what all items share. Sent out once, as long as the same object is passed: it must not change.
            heard: told of each result as soon as it is here, in any order.
            board: the name of a board that the task measures on; it does one task at a time, whoever else asks.
        Raises:
            EngineError: pieces whose workers were lost time and again.
            Exception: what a task raised; pieces that have not begun are dropped.
        """
        ...


def unheard(_number: int, _result: object) -> None:
    """For those who wait for all results."""
