"""Several payloads of telemetry one after the other: what a file on a stick holds, and what one HTTP request carries.

Eight bytes of magic, then for each payload its length as four bytes, most significant first, and itself. The payloads
are as `telemetry_batch.encode` made them; nothing is unpacked on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .errors import DataError
from .telemetry_batch import MOST_PAYLOAD_BYTES

MAGIC = b"ECTELEM1"
LENGTH_BYTES = 4
SUFFIX = ".telemetry"


def bundled(payloads: Sequence[bytes]) -> bytes:
    """All of them in one."""
    parts = [MAGIC]
    for payload in payloads:
        parts += [len(payload).to_bytes(LENGTH_BYTES, "big"), payload]
    return b"".join(parts)


def unbundled(content: bytes, *, where: str | None = None) -> Iterator[bytes]:
    """The payloads one after the other; whole ones come even where the end is cut off, then the error.

    Raises:
        DataError: not such a bundle, or cut off.
    """
    if content[: len(MAGIC)] != MAGIC:
        raise DataError("not a bundle of telemetry", where=where, to_do="reject it")
    at = len(MAGIC)
    while at < len(content):
        head = content[at : at + LENGTH_BYTES]
        length = int.from_bytes(head, "big")
        at += LENGTH_BYTES
        if len(head) < LENGTH_BYTES or length > MOST_PAYLOAD_BYTES or at + length > len(content):
            raise DataError("a bundle of telemetry is cut off", where=where, to_do="it will be sent again")
        yield content[at : at + length]
        at += length
