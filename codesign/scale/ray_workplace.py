"""A Ray cluster as a workplace: tasks on its workers, shared objects in its store, boards as its resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from runtime.contract.errors import EngineError

from .workplace import Given, Heard, Item, Result, Task

LOST_RETRIES = 5  # times that a piece is done again after its worker was lost; a machine that reboots comes back
BOARD = "board:"


def board_resource(board: str) -> str:
    """The name under which a node of the cluster offers a board."""
    return f"{BOARD}{board}"


class RayWorkplace:
    """Each item is a task on one CPU. Ray itself repeats the tasks of a worker or of a node that is lost.

    Args:
        ray: the module, connected to a cluster.
        retries: times that one task is repeated.
    """

    def __init__(self, ray: Any, retries: int = LOST_RETRIES) -> None:
        self._ray, self._retries = ray, retries
        self._placed: list[tuple[object, Any]] = []  # objects that were sent out, and what Ray calls them

    def run(
        self,
        task: Task[Given, Item, Result],
        given: Given,
        items: Sequence[Item],
        heard: Heard[Result],
        board: str | None = None,
    ) -> list[Result]:
        """See Workplace."""
        remote = self._ray.remote(
            # Measuring keeps the board busy, not the node that waits for it.
            num_cpus=1 if board is None else 0,
            resources={} if board is None else {board_resource(board): 1},
            max_retries=self._retries,
            scheduling_strategy="SPREAD",
        )(task)
        shared = self._sent(given)
        waiting = {remote.remote(shared, item): number for number, item in enumerate(items)}
        results: dict[int, Result] = {}
        try:
            while waiting:
                arrived, _ = self._ray.wait(list(waiting), num_returns=1)
                for reference in arrived:
                    number = waiting.pop(reference)
                    results[number] = self._result(reference)
                    heard(number, results[number])
        except BaseException:
            for reference in waiting:
                self._ray.cancel(reference, force=True)
            raise
        return [results[number] for number in range(len(items))]

    def _sent(self, given: Given) -> Any:
        """What is known of an object in the store; workers on one machine share one copy of its arrays."""
        for known, reference in self._placed:
            if known is given:
                return reference
        self._placed.append((given, self._ray.put(given)))
        return self._placed[-1][1]

    def _result(self, reference: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            raise cast(BaseException, error.cause) from error
        except errors.RayError as error:
            raise EngineError(
                f"a worker of the cluster was lost {self._retries + 1} times with the same piece of work: {error}",
                where="--ray",
                to_do="see `ray status` and the memory of its nodes, then --resume: what came back is kept",
            ) from error
