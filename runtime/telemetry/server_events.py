"""Turns what a server counts into what a fleet should hear of: bundles that took over or were rolled back, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .guarding import Says
from .inference import Circumstances, Inference


class Swaps(Protocol):
    """What this needs of `HotSwap`."""

    @property
    def swaps(self) -> int:
        """Bundles that took over."""
        ...

    @property
    def rollbacks(self) -> int:
        """Bundles that failed here."""
        ...

    @property
    def failed(self) -> str | None:
        """The latest of them."""
        ...


class ServerEvents:
    """A Watcher of the recorder: it looks once a second."""

    def __init__(
        self,
        swap: Swaps,
        bundle_id: Callable[[], str],
        refusals: Callable[[], int],
        says: Says,
        refused: Callable[[int], None],
    ) -> None:
        """Nothing has happened yet.

        Args:
            bundle_id: of the bundle that is served now.
            refusals: requests refused since the start.
            refused: takes by how much that has grown.
        """
        self._swap, self._bundle_id, self._refusals = swap, bundle_id, refusals
        self._says, self._refused = says, refused
        self._swaps = self._rollbacks = self._seen = 0

    def saw(self, inference: Inference) -> None:
        """Nothing: the server counts by itself."""

    def ticked(self, _: Circumstances) -> None:
        """Say what has happened since the last look."""
        swaps, rollbacks, refusals = self._swap.swaps, self._swap.rollbacks, self._refusals()
        if swaps > self._swaps:
            self._says("swapped", "another bundle took over", bundle_id=self._bundle_id())
        if rollbacks > self._rollbacks:
            text = f"this bundle failed here: {self._bundle_id()[:12]} serves"
            self._says("rolled back", text, bundle_id=self._swap.failed)
        if refusals > self._seen:
            self._refused(refusals - self._seen)
        self._swaps, self._rollbacks, self._seen = swaps, rollbacks, refusals
