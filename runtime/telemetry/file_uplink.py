"""Telemetry into a folder: a stick that somebody carries, or a share that somebody mounts.

One file per send, written beside its name, synchronised, then renamed: a file that has its name is whole. Parquet is
the collector's business: to write it here would make the board's installation four times as large.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runtime.contract.durable import write_file
from runtime.contract.telemetry_bundle import SUFFIX, bundled

from .spool import Spooled
from .uplink import UplinkFailed


class FileUplink:
    """Writes DIR/<device>-<boot>-<first id>.telemetry; the same payloads, the same name."""

    def __init__(self, folder: Path, device_id: str) -> None:
        self._folder, self._device_id = folder, device_id

    @property
    def name(self) -> str:
        """The folder."""
        return os.fspath(self._folder)

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Write them all. Raises UplinkFailed where the folder is not there or does not take them."""
        first = payloads[0]
        path = self._folder / f"{self._device_id}-{first.boot_id}-{first.id:012d}{SUFFIX}"
        if not self._folder.is_dir():  # an unmounted stick must not become a folder on the board's own disk
            raise UplinkFailed(f"{self._folder} is not there", to_do="plug in the stick, or make the folder")
        try:
            write_file(path, bundled([item.content for item in payloads]))
        except OSError as error:
            raise UplinkFailed(
                f"{path} cannot be written: {error.strerror or error}", to_do="free some space on it"
            ) from error
        return [item.id for item in payloads]

    def close(self) -> None:
        """Nothing is held."""
