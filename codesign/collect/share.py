"""Which of several compacting workers a payload is for: all of a device's payloads are one worker's."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from runtime.contract.errors import ConfigError, DataError
from runtime.contract.telemetry_batch import decode

PEEKED_BYTES = 512  # of the JSON: `encode` tells the device among the first things
DEVICE = re.compile(rb'"device_id":"([0-9A-Za-z_-]{1,64})"')


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a store that one worker compacts. Raises ConfigError where it is none."""

    index: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.of:
            raise ConfigError(f"there is no share {self.index + 1} of {self.of}", to_do="give 1/2 and 2/2, for example")

    @classmethod
    def parse(cls, text: str) -> Share:
        """Of "1/2" and the like. Raises ConfigError."""
        found = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", text)
        if found is None:
            raise ConfigError(f"{text!r} is no share", to_do="give 1/2 and 2/2, for example")
        return cls(int(found[1]) - 1, int(found[2]))

    def has(self, device_id: str) -> bool:
        """Whether that device's payloads are this worker's."""
        return zlib.crc32(device_id.encode()) % self.of == self.index

    def takes(self, payload: bytes) -> bool:
        """The same of a payload, mostly without reading all of it; one that is unreadable is the first worker's."""
        return self.of == 1 or self.has_or_first(_device_of(payload))

    def has_or_first(self, device_id: str | None) -> bool:
        """Nobody's payloads are the first worker's."""
        return self.index == 0 if device_id is None else self.has(device_id)


def _device_of(payload: bytes) -> str | None:
    try:
        beginning = zlib.decompressobj().decompress(payload, PEEKED_BYTES)
    except zlib.error:
        return None
    if (found := DEVICE.search(beginning)) is not None:
        return found[1].decode("ascii")
    try:
        return decode(payload).device_id
    except DataError:
        return None
