"""The Open Inference Protocol (KServe v2) over REST, with the binary tensor extension, as a Starlette application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .infer_response import response_of
from .job import Job
from .metadata import model_config, model_metadata, model_statistics, repository_index, server_metadata
from .openapi import description
from .refusal import CLIENT_GONE, Refused
from .request_body import ClientGone, receive_body
from .serving import Serving

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

Reply = Callable[[Mapping[str, Any]], Any]  # path parameters -> JSON
JSON, OCTETS, TEXT = b"application/json", b"application/octet-stream", b"text/plain; version=0.0.4; charset=utf-8"

LISTEN_AFTER_S = 0.01  # so long a request waits before one listens whether its client is still there: most are answered


def application(serving: Serving, *, name: str, metrics: Callable[[], str]) -> Starlette:
    """The application.

    Args:
        name: the model's, in addresses: /v2/models/NAME.
        metrics: the text of /metrics.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    infer = InferEndpoint(serving, name)

    def known(path: Mapping[str, Any]) -> None:
        _check_model(serving, name, path)

    def ready(path: Mapping[str, Any]) -> dict[str, Any]:
        known(path)
        if not serving.ready:
            raise Refused(503, "not ready", retry_after_s=1)
        return {}

    def of_model(answer: Callable[[], Any]) -> Reply:
        def answered(path: Mapping[str, Any]) -> Any:
            known(path)
            return answer()

        return answered

    release = version("edge-codesign")
    model = of_model(lambda: model_metadata(name, serving.bundle))
    config = of_model(lambda: model_config(name, serving.bundle, serving.limits))
    stats = of_model(lambda: model_statistics(name, serving.bundle, serving.recorder.recorded()))
    gets: list[tuple[str, Reply]] = [
        ("/openapi.json", lambda _: description(name, release, serving.bundle, serving.limits)),
        ("/v2", lambda _: server_metadata(release)),
        ("/v2/health/live", lambda _: {"live": True}),
        ("/v2/health/ready", ready),
        ("/v2/models/stats", stats),
    ]
    for base in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        gets += [(base, model), (f"{base}/ready", ready), (f"{base}/config", config), (f"{base}/stats", stats)]
    routes = [
        Route("/v2/models/{model}/infer", infer, methods=["POST"]),  # first: the one that is asked all day
        Route("/v2/models/{model}/versions/{version}/infer", infer, methods=["POST"]),
        Route("/v2/repository/index", JsonEndpoint(lambda _: repository_index(name, serving.bundle)), methods=["POST"]),
        Route("/metrics", TextEndpoint(metrics), methods=["GET"]),
        *(Route(path, JsonEndpoint(answer), methods=["GET"]) for path, answer in gets),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_there})


class InferEndpoint:
    """POST …/infer as an ASGI application of its own: nothing lies between the body and the queue."""

    def __init__(self, serving: Serving, name: str) -> None:
        self._serving, self._name = serving, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever is refused is answered as the protocol has errors."""
        serving = self._serving
        try:
            body, json_bytes = await self._infer(scope, receive)
        except Refused as refused:
            serving.recorder.refused(refused.status)
            refused.__traceback__ = None  # else job and refusal hold each other, and the job an old bundle, for long
            if refused.status != CLIENT_GONE:
                await send_refusal(send, refused)
            return
        except ClientGone:
            serving.recorder.refused(CLIENT_GONE)
            return
        headers = [(b"content-type", JSON)]
        if json_bytes is not None:
            headers = [(b"content-type", OCTETS), (b"inference-header-content-length", b"%d" % json_bytes)]
        await send_bytes(send, 200, headers, body)

    async def _infer(self, scope: Scope, receive: Receive) -> tuple[bytes, int | None]:
        serving = self._serving
        _check_model(serving, self._name, scope["path_params"])
        headers = dict(scope["headers"])
        length = headers.get(b"inference-header-content-length")
        if length is not None and not (length.isdigit() and len(length) < 12):
            raise Refused(400, "Inference-Header-Content-Length must be a number of bytes")
        body = await receive_body(receive, headers, serving.limits)
        bundle = serving.bundle  # one and the same for reading, running and answering, whatever is swapped meanwhile
        request = bundle.read(body, None if length is None else int(length))
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settled(_: Job) -> None:
            with suppress(RuntimeError):  # the loop has ended: the server stopped, and nobody waits any more
                loop.call_soon_threadsafe(_wake, done)

        job = serving.submit(request, bundle, settled)
        listening = _Listening(loop, receive, lambda: serving.abandon(job))
        try:
            await done
        finally:
            listening.stop()
        if job.answers is None:
            raise job.refusal or Refused(500, "the request was neither answered nor refused")
        return response_of(self._name, request, job, job.answers, serving.answered(job))


class _Listening:
    """Hears that a client hangs up while it waits: by a task that is only made where the wait is a long one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, hung_up: Callable[[], None]) -> None:
        self._loop, self._receive, self._hung_up = loop, receive, hung_up
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = loop.call_later(LISTEN_AFTER_S, self._begin)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._hung_up()

    def stop(self) -> None:
        """To be called once. Timer and task refer to this: left in a circle, they would keep a job and its bundle."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        self._timer = self._task = None


class JsonEndpoint:
    """An ASGI application that answers with JSON."""

    def __init__(self, answer: Reply) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            content = json.dumps(self._answer(scope["path_params"])).encode()
        except Refused as refused:
            await send_refusal(send, refused)
            return
        await send_bytes(send, 200, [(b"content-type", JSON)], content)


class TextEndpoint:
    """An ASGI application that answers with Prometheus' text."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Answer one request."""
        await send_bytes(send, 200, [(b"content-type", TEXT)], self._text().encode())


async def send_bytes(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """A whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def send_refusal(send: Send, refused: Refused) -> None:
    """An error as the protocol has it: {"error": text}."""
    headers = [(b"content-type", JSON)]
    if refused.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % refused.retry_after_s))
    if refused.status == 408:
        headers.append((b"connection", b"close"))  # the rest may still come, and must not be read as a request
    await send_bytes(send, refused.status, headers, json.dumps({"error": refused.line}).encode())


async def _not_there(request: Any, error: Any) -> Any:
    from starlette.responses import JSONResponse

    text = f"{error.detail}: {request.method} {request.url.path[:200]}"
    return JSONResponse({"error": text}, status_code=error.status_code, headers=error.headers)


def _check_model(serving: Serving, name: str, path: Mapping[str, Any]) -> None:
    model, asked_version = path.get("model", name), path.get("version")
    if model != name:
        raise Refused(404, f"unknown model {model[:80]!r}; this server has {name!r}")
    if asked_version is not None and asked_version != serving.bundle.bundle_id:
        raise Refused(404, f"unknown version {asked_version[:80]!r}; this server has {serving.bundle.bundle_id}")


def _wake(done: asyncio.Future[None]) -> None:
    if not done.done():  # the request may have been cancelled: the server stops
        done.set_result(None)
