"""One collecting process: sources that fill the inbox, and a compaction every so often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from runtime.contract.errors import StorageError

from .compact import Compacted, compact
from .folder_source import take_folders
from .segments import Segments
from .share import Share
from .store import WHOLE, Store


class Collector:
    """Owns a store and a worker's segments. `work` runs until it is told to stop."""

    def __init__(
        self, store: Store, worker: str, *, compacts: bool = True, share: Share = WHOLE, every_s: float = 30.0
    ) -> None:
        """Open the worker's segments.

        Args:
            compacts: otherwise it only keeps what arrives, for others to compact.
            share: of the devices, that it compacts.
        Raises:
            ConfigError, StorageError: as `Segments` does.
        """
        self.store, self.segments = store, Segments(store.inbox, worker, most_s=every_s)
        self._compacts, self._share, self._every_s = compacts, share, every_s
        self._lock = threading.Lock()
        self.payloads = 0  # kept since the start

    def arrived(self, payloads: int) -> None:
        """A source has kept so many."""
        with self._lock:
            self.payloads += payloads

    def look(self, folders: list[Path], *, remove: bool) -> tuple[str, ...]:
        """Take what lies in folders; files that were damaged, in sentences."""
        taken = take_folders(folders, self.segments, remove=remove)
        self.arrived(taken.payloads)
        return taken.damaged

    def compact_now(self) -> Compacted:
        """Close what is open and make it part of the set; nothing where this worker does not compact."""
        self.segments.rotate()
        return compact(self.store, share=self._share) if self._compacts else Compacted()

    def work(
        self,
        stop: threading.Event,
        on_round: Callable[[Compacted], None],
        on_problem: Callable[[str], None],
        folders: list[Path],
        *,
        remove: bool,
    ) -> None:
        """Look at the folders and compact, again and again; a problem is told, and tried again."""
        while True:
            begun_s = time.monotonic()
            try:
                for damaged in self.look(folders, remove=remove):
                    on_problem(damaged)
                on_round(self.compact_now())
            except StorageError as error:
                on_problem(error.what)
            if stop.wait(max(0.0, self._every_s - (time.monotonic() - begun_s))):
                return

    def close(self) -> None:
        """Close the segments; what is in them is compacted by whoever comes next."""
        self.segments.close()
