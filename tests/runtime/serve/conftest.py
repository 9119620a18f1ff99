"""A bundle that is loaded once, and a server around it that listens at a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime.serve.app import application
from runtime.serve.limits import Limits
from runtime.serve.listeners import AsgiServers, Listener, Tls, listen_tcp
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Batching, Serving
from tests.tiny_cascade import write_tiny_bundle

from .serving_doubles import loaded

pytest.importorskip("starlette", reason="serving needs the extra `serve`")
pytest.importorskip("uvicorn", reason="serving needs the extra `serve`")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedBundle:
    """The tiny bundle, loaded; nothing changes it."""
    folder: Path = tmp_path_factory.mktemp("served") / "bundle"
    write_tiny_bundle(folder)
    return loaded(folder)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two bundles that differ in their weights."""
    folder = tmp_path_factory.mktemp("two")
    for seed in (0, 1):
        write_tiny_bundle(folder / str(seed), seed=seed)
    return folder / "0", folder / "1"


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    serving: Serving
    port: int
    servers: AsgiServers

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def start_server() -> Iterator[Callable[..., Running]]:
    """`start_server(bundle, limits=..., batching=..., guard=..., tls=...)`; stopped at the end of the test."""
    with ExitStack() as stack:

        def started(
            bundle: ServedBundle,
            *,
            limits: Limits | None = None,
            batching: Batching | None = None,
            guard: Callable[[Any], Any] = lambda app: app,
            tls: Tls | None = None,
            trusted: bool = False,
        ) -> Running:
            serving = Serving(bundle, limits=limits, batching=batching)
            app = application(serving, name="edge", metrics=lambda: "edge_runtime_ready 1\n")
            sock = listen_tcp("127.0.0.1", 0)
            port = sock.getsockname()[1]
            servers = AsgiServers([Listener(sock, guard(app), tls, trusted=trusted)], serving.limits)

            def end() -> None:
                servers.stop()
                serving.drain(1.0)

            stack.callback(end)
            servers.start()
            return Running(serving, port, servers)

        yield started
