"""A second way out of a spool: payloads of one class in order, with a cursor that outlives the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .spool import Spool, Spooled


@dataclass(frozen=True, slots=True)
class SpoolReader:
    """A Source of a Shipper; the spool knows the name by `read_also_by`."""

    spool: Spool
    name: str

    def waiting(self, most_bytes: int) -> list[Spooled]:
        """The oldest that it has not passed. Raises StorageError where the spool cannot be read."""
        return self.spool.waiting(most_bytes, reader=self.name)

    def acknowledge(self, ids: Sequence[int]) -> bool:
        """Pass them. False where the disk refused."""
        return self.spool.acknowledge(ids, reader=self.name)
