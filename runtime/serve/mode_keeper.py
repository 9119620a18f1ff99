"""Keeps the modes of one bundle loaded within a budget of memory, and loads others from a thread of its own.

The mode in use is always loaded, and `frugal`, which is what a governor sheds to in an emergency. A mode that is asked
for and not loaded is loaded beside the requests, never inside one: a request for it is refused until it is there, and a
governor's switch waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from runtime.contract.errors import EdgeCodesignError

from .memory import give_back
from .refusal import Refused
from .shelf import Shelf

FRUGAL = "frugal"
AGAIN_S = 1  # that a client is told to wait for a mode
TRY_AGAIN_S = 60.0  # after a design could not be loaded
MB = 1_000_000


class ModeKeeper:
    """Of one bundle. Safe between threads."""

    def __init__(
        self,
        designs: Mapping[str, str],
        shelf: Shelf,
        *,
        load: Callable[[str], None],
        drop: Callable[[str], None],
        report: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep account of what is loaded; at first that is nothing.

        Args:
            designs: of each mode.
            load: makes a design's modes ready to run; it may take long, and raise EdgeCodesignError.
            drop: forgets a design; what runs with it ends as it would have.
        """
        self._designs, self._shelf, self._now_s = dict(designs), shelf, now_s
        self._load, self._drop, self._report = load, drop, report
        self._lock = threading.Lock()
        self._loading: threading.Thread | None = None
        self._failed_s: dict[str, float] = {}
        self._misfit: str | None = None  # a mode that was to be used and did not fit, so that it is said once
        self._in_use = next(iter(self._designs))

    @property
    def loaded(self) -> frozenset[str]:
        """Designs that are loaded now."""
        with self._lock:
            return frozenset(self._shelf.loaded)

    @property
    def in_use(self) -> str:
        """The mode in use."""
        return self._in_use

    def start(self, in_use: str) -> None:
        """Load the mode in use, `frugal`, and of the others, in their order, what fits.

        Raises EdgeCodesignError where one cannot be loaded.
        """
        self._in_use = in_use
        pinned = self._pinned()
        for design in dict.fromkeys([*pinned, *self._designs.values()]):
            if design in pinned or self._shelf.size_bytes([*self._shelf.loaded, design]) <= self._shelf.budget_bytes:
                self._load(design)
                self._shelf.loaded[design] = self._now_s()
        size_bytes = self._shelf.size_bytes(self._shelf.loaded)
        if size_bytes > self._shelf.budget_bytes:
            self._report(
                f"the mode in use and {FRUGAL} take about {size_bytes / MB:.0f} MB, more than the budget of "
                f"{self._shelf.budget_bytes / MB:.0f} MB: they are loaded all the same"
            )
        self._report(self._account())

    def use(self, mode: str) -> bool:
        """Have that mode be the one in use; False where it is not loaded: if it fits it is being loaded, ask again."""
        design = self._designs[mode]
        with self._lock:
            if design in self._shelf.loaded:
                self._in_use = mode
                self._shelf.used_s[design] = self._now_s()
                return True
            fits = self._shelf.fits(design, self._pinned())
            told, self._misfit = self._misfit, None if fits else mode
        if fits:
            self._want(mode)
        elif told != mode:
            self._report(f"mode {mode} does not fit into the memory budget beside mode {self._in_use}, which goes on")
        return False

    def asked(self, mode: str) -> None:
        """A request came for that mode. Raises Refused where it is not loaded, and has it loaded if it fits."""
        with self._lock:
            design = self._designs[mode]
            self._shelf.used_s[design] = self._now_s()
            if design in self._shelf.loaded:
                return
            fits = self._shelf.fits(design, self._pinned())
        if not fits:
            raise Refused(
                503,
                f"mode {mode!r} does not fit into this server's memory budget beside the mode in use",
                to_do="leave the mode out, or have the server started with a larger --memory-budget",
            )
        self._want(mode)
        raise Refused(503, f"mode {mode!r} is not loaded yet: it is being loaded", retry_after_s=AGAIN_S)

    def stop(self, timeout_s: float) -> bool:
        """Wait for a design that is being loaded; False where it takes longer."""
        loading = self._loading
        if loading is not None:
            loading.join(timeout_s)
        return loading is None or not loading.is_alive()

    def _pinned(self) -> tuple[str, ...]:
        names = [self._in_use, *([FRUGAL] if FRUGAL in self._designs else [])]
        return tuple(dict.fromkeys(self._designs[name] for name in names))

    def _want(self, mode: str) -> None:
        """Load a mode's design from a thread of its own, one at a time."""
        with self._lock:
            design, now_s = self._designs[mode], self._now_s()
            if self._loading is not None and self._loading.is_alive():
                return
            if now_s - self._failed_s.get(design, now_s - TRY_AGAIN_S) < TRY_AGAIN_S:
                return
            drop = self._shelf.to_drop(design, self._pinned(), now_s)
            if drop is None:
                return
            for other in drop:
                del self._shelf.loaded[other]
            self._loading = threading.Thread(target=self._fetch, args=(design, drop), name="mode", daemon=True)
            self._loading.start()

    def _fetch(self, design: str, drop: tuple[str, ...]) -> None:
        for other in drop:
            self._drop(other)
        if drop:
            give_back()  # before more is asked for; what requests still run with comes back later
        try:
            self._load(design)
        except EdgeCodesignError as error:
            with self._lock:
                self._failed_s[design] = self._now_s()
            self._report(f"design {design} cannot be loaded: {error.what}")
            return
        with self._lock:
            self._shelf.loaded[design] = self._now_s()
        self._report(self._account())

    def _account(self) -> str:
        modes = [mode for mode, design in self._designs.items() if design in self._shelf.loaded]
        size_bytes = self._shelf.size_bytes(self._shelf.loaded)
        return (
            f"loaded: {', '.join(modes)}; about {size_bytes / MB:.0f} of {self._shelf.budget_bytes / MB:.0f} MB "
            "(estimated)"
        )
