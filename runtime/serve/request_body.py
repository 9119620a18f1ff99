"""Receives a request's body within limits of size and time, and unpacks it where the client compressed it."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from .limits import Limits
from .refusal import Refused, bad_request

Receive = Callable[[], Awaitable[Any]]
WINDOW_BITS = {b"gzip": 31, b"deflate": 15}  # zlib's numbers for the two wrappers


class ClientGone(Exception):  # noqa: N818 (it is)
    """The client hung up before its request was complete; there is nobody to answer."""


async def receive_body(receive: Receive, headers: Mapping[bytes, bytes], limits: Limits) -> bytes:
    """The whole body, decompressed.

    Raises:
        Refused: 413 for too large a body, 408 for one that is too slow, 400 for one that cannot be unpacked.
        ClientGone: the connection was closed first.
    """
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limits.body_bytes:
        raise _too_large(limits)
    body = await _in_time(_parts(receive, limits), limits.body_s)
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding == b"identity":
        return body
    if encoding not in WINDOW_BITS:
        raise Refused(415, f"content-encoding {encoding[:40]!r}", to_do="use gzip, deflate or none")
    return _unpacked(body, WINDOW_BITS[encoding], limits)


async def _in_time(parts: Coroutine[Any, Any, bytes], limit_s: float) -> bytes:
    """Raises Refused, 408, where it takes longer. A timer, not `wait_for`: that costs a task for each request."""
    task, late = asyncio.current_task(), False

    def give_up() -> None:
        nonlocal late
        late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(limit_s, give_up)
    try:
        return await parts
    except asyncio.CancelledError as error:
        if not late:
            raise
        if sys.version_info >= (3, 11) and task is not None:
            task.uncancel()
        raise Refused(408, f"the body did not arrive within {limit_s:g} s") from error
    finally:
        timer.cancel()


async def _parts(receive: Receive, limits: Limits) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")  # nearly always it comes in one piece
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
        return body
    parts, size = [], 0
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    raise ClientGone


def _unpacked(body: bytes, window_bits: int, limits: Limits) -> bytes:
    unpack = zlib.decompressobj(window_bits)
    try:
        content = unpack.decompress(body, limits.body_bytes)
    except zlib.error as error:
        raise bad_request(f"the body cannot be decompressed: {error}") from error
    if unpack.unconsumed_tail:
        raise _too_large(limits)
    if not unpack.eof:
        raise bad_request("the compressed body is cut short")
    return content


def _too_large(limits: Limits) -> Refused:
    return Refused(413, f"a body has at most {limits.body_bytes} bytes", to_do="send fewer images in one request")
