"""Bodies within limits of size and time."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from runtime.serve.limits import Limits
from runtime.serve.refusal import Refused
from runtime.serve.request_body import ClientGone, receive_body

LIMITS = Limits(body_bytes=100, body_s=0.05)


def received(*messages: dict[str, Any], **headers: bytes) -> bytes:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60.0)
        return waiting.pop(0)

    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return asyncio.run(receive_body(receive, named, LIMITS))


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_parts_is_put_together() -> None:
    assert received(part(b"ab", more=True), part(b"", more=True), part(b"c")) == b"abc"


@pytest.mark.parametrize(("encoding", "pack"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress)])
def test_a_compressed_body_is_unpacked(encoding: bytes, pack: Any) -> None:
    assert received(part(pack(b"abc")), content_encoding=encoding) == b"abc"


@pytest.mark.parametrize(
    ("messages", "headers", "status"),
    [
        ((part(b"x" * 101),), {}, 413),
        ((part(b"x" * 60, more=True), part(b"x" * 60)), {}, 413),
        ((part(b""),), {"content_length": b"101"}, 413),
        ((part(gzip.compress(bytes(10_000))),), {"content_encoding": b"gzip"}, 413),
        ((part(b"x", more=True),), {}, 408),
        ((part(b"abc"),), {"content_encoding": b"br"}, 415),
        ((part(b"abc"),), {"content_encoding": b"gzip"}, 400),
        ((part(gzip.compress(b"abc")[:-9]),), {"content_encoding": b"gzip"}, 400),
    ],
)
def test_what_exceeds_a_limit_is_refused(messages: Any, headers: Any, status: int) -> None:
    with pytest.raises(Refused) as refused:
        received(*messages, **headers)
    assert refused.value.status == status


def test_a_client_that_hangs_up_is_not_answered() -> None:
    with pytest.raises(ClientGone):
        received(part(b"x", more=True), {"type": "http.disconnect"})
