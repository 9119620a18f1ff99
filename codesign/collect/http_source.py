"""Receives telemetry by HTTP POST: kept on the disk, then answered with 200.

A bundle that is none is refused (400) and so is one that is too large (413). Single payloads in it that cannot be read
are put aside and counted: to send them again would not mend them. A full disk answers 503, and senders come back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runtime.contract.errors import ConfigError, DataError, StorageError
from runtime.contract.telemetry_bundle import unbundled

from .segments import Segments

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/telemetry"
MOST_BODY_BYTES = 32 << 20
INSTALL = "pip install 'edge-codesign[collect]'"


def http_app(segments: Segments, token: str | None, on_payloads: Callable[[int], None]) -> Starlette:
    """An ASGI application with POST /telemetry and GET /health.

    Args:
        token: that senders must bear; None: anyone may send, which is for loopback only.
        on_payloads: told how many were kept.
    Raises:
        ConfigError: Starlette is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse, PlainTextResponse
        from starlette.routing import Route
    except ImportError as error:
        raise ConfigError("receiving by HTTP needs Starlette", to_do=INSTALL) from error

    async def receive(request: Request) -> Response:
        if token is not None and not _bears(request, token):
            return JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                return JSONResponse({"error": f"more than {MOST_BODY_BYTES} bytes"}, 413)
        try:
            payloads = list(unbundled(bytes(body)))
        except DataError as error:
            return JSONResponse({"error": error.what}, 400)
        if payloads:
            try:
                await run_in_threadpool(segments.put, payloads)
            except StorageError as error:
                return JSONResponse({"error": error.what}, 503, {"Retry-After": "60"})
            on_payloads(len(payloads))
        return JSONResponse({"accepted": len(payloads)})

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(routes=[Route(PATH, receive, methods=["POST"]), Route("/health", health)])


def _bears(request: Any, token: str) -> bool:
    return hmac.compare_digest(str(request.headers.get("authorization", "")).encode(), f"Bearer {token}".encode())
