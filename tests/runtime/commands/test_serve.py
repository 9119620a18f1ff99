"""`edge-runtime serve`."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.boards.hardware import Hardware, open_hardware
from runtime.commands import serve
from runtime.contract.errors import BundleError, ConfigError
from runtime.governor.signals import Signals, read_trace
from runtime.install.activate import install
from runtime.serve.metered_energy import MeteredEnergy
from tests import ort_double
from tests.keys import trust, write_key
from tests.ort_double import OrtDouble, use
from tests.runtime.commands.conftest import Outcome
from tests.runtime.serve.serving_doubles import binary_body
from tests.tiny_cascade import random_images

pytest.importorskip("uvicorn", reason="serving needs the extra `serve`")

Call = Callable[..., Outcome]
EVERYWHERE = "0.0.0.0"  # noqa: S104 (that is what is tested)
UNIT = Path(__file__).resolve().parents[3] / "deploy" / "systemd" / "edge-serve.service"


def arguments(*more: object) -> Namespace:
    parser = ArgumentParser()
    serve.add_arguments(parser)
    return parser.parse_args([*map(str, more)])


@pytest.fixture(autouse=True)
def _switching_as_before() -> Any:
    before_s = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before_s)


class Visit(threading.Thread):
    """Waits for a server at a Unix socket, does something there, and ends this process's serving by a signal."""

    def __init__(self, path: Path, does: Callable[[Callable[..., Any]], Any]) -> None:
        super().__init__(daemon=True)
        self.path, self.does, self.saw = path, does, None
        self.start()

    def run(self) -> None:
        try:
            for _ in range(1000):
                with socket.socket(socket.AF_UNIX) as probe:  # the file is there before anyone listens
                    if probe.connect_ex(str(self.path)) == 0:
                        break
                time.sleep(0.01)
            self.saw = self.does(self.ask)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
        with closing(http.client.HTTPConnection("localhost", timeout=10.0)) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(10.0)
            connection.sock.connect(str(self.path))
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()


def infer(ask: Callable[..., Any]) -> Any:
    body, length = binary_body(random_images(1), outputs=[{"name": "class"}])
    headers = {"Inference-Header-Content-Length": str(length)}
    return ask("POST", "/v2/models/edge/infer", body, headers), ask("GET", "/metrics")


def test_an_installed_bundle_is_served_until_a_signal_comes(call: Call, bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    sock = tmp_path / "s"
    visit = Visit(sock, infer)
    outcome = call("serve", "--port", 0, "--uds", sock, "--mode", "one-shot")
    visit.join(5.0)
    assert outcome.status == 0
    (status, body), (_, metrics) = visit.saw or ((0, b""), (0, b""))
    assert status == 200
    assert json.loads(body)["parameters"]["mode"] == "one-shot"
    assert b"edge_runtime_requests_total 1\n" in metrics
    assert "listening at http://127.0.0.1:" in outcome.err
    assert "clocks are left as they are" in outcome.err
    assert "ready: bundle" in outcome.err
    assert not sock.exists()


def test_a_governor_may_choose_and_what_it_was_told_can_be_decided_again(
    call: Call, bundle: Path, tmp_path: Path
) -> None:
    install(bundle, tmp_path / "root")
    trace = tmp_path / "trace"

    def until_decided(ask: Callable[..., Any]) -> Any:
        seen = infer(ask)
        for _ in range(1000):
            if trace.exists() and trace.stat().st_size:
                break
            time.sleep(0.01)
        return seen

    Visit(tmp_path / "s", until_decided)
    outcome = call("serve", "--no-tcp", "--uds", tmp_path / "s", "--govern", "--record-signals", trace)
    assert outcome.status == 0
    rows = list(read_trace(trace))
    assert rows
    assert rows[0].queued == 0


def test_reports_are_json_where_asked(call: Call, bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    Visit(tmp_path / "s", lambda ask: ask("GET", "/v2"))
    outcome = call("serve", "--no-tcp", "--uds", tmp_path / "s", "--json")
    assert all(set(json.loads(line)) == {"serve"} for line in outcome.err.splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--no-tcp",), "nothing to listen at"),
        (("--host", EVERYWHERE), "anyone there could use this server"),
        (("--cert", "x.pem"), "TLS needs a certificate and its key"),
        (("--mode", "turbo"), "the bundle has no mode 'turbo'"),
        (("--queue", "0"), "a limit of queue_images=0"),
        (("--token-file", "/nowhere/token"), "the token cannot be read"),
        (("--port", "0", "--watch", "/nowhere"), "there is no folder /nowhere"),
        (("--batch", "0"), "--batch 0"),
        (("--inference-threads", "0"), "--inference-threads 0"),
    ],
)
def test_options_that_do_not_fit_stop_the_start(bundle: Path, options: tuple[str, ...], message: str) -> None:
    with ExitStack() as stack, pytest.raises(ConfigError, match=message):
        serve.prepared(arguments("--root", bundle, *options), stack, threading.Event())


def test_nothing_installed_stops_the_start(tmp_path: Path) -> None:
    with ExitStack() as stack, pytest.raises(BundleError, match="is not a bundle"):
        serve.prepared(arguments("--root", tmp_path), stack, threading.Event())


def test_a_process_with_a_hanging_thread_leaves_without_pythons_own_end(
    monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    hanging: Any = SimpleNamespace(run=lambda: False, hangs=True)
    left: list[int] = []
    monkeypatch.setattr(serve, "prepared", lambda *_: hanging)
    monkeypatch.setattr(os, "_exit", left.append)
    assert serve.run(arguments("--root", bundle)) == 1
    assert left == [1]


def test_without_starlette_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda _: None)
    with ExitStack() as stack, pytest.raises(ConfigError, match="serving needs Starlette and uvicorn"):
        serve.prepared(arguments("--root", bundle), stack, threading.Event())


def test_a_meter_of_this_machine_is_put_to_use_where_there_is_one() -> None:
    serving: Any = SimpleNamespace(recorder=SimpleNamespace(busy_s=lambda: 0.0))
    reports: list[str] = []
    with ExitStack() as stack:
        model = open_hardware("model:orin-nano-super")
        assert isinstance(serve._energy(model, serving, lambda: None, stack, reports.append), MeteredEnergy)
        assert serve._energy(None, serving, lambda: None, stack, reports.append) is None
    assert reports[0].startswith("energy is metered: ")
    assert "marked as such" in reports[1]


def test_the_hardware_may_be_one_that_is_already_at_hand(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    model, asked = open_hardware("model:orin-nano-super"), []

    def opened(spec: str) -> Hardware:
        asked.append(spec)
        return replace(model, power=None, rails={}, counter=None)

    visit = Visit(tmp_path / "s", lambda ask: ask("GET", "/metrics"))
    options = ("--root", tmp_path / "root", "--no-tcp", "--uds", tmp_path / "s")
    assert serve.run_on(arguments(*options), opened) == 0
    visit.join(5.0)
    assert asked == ["sysfs"]
    assert b"edge_runtime_temperature_celsius 25" in (visit.saw or (0, b""))[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this kernel has no /dev/full")
def test_a_full_disk_ends_the_recording_of_signals_and_not_the_server() -> None:
    reports: list[str] = []
    with ExitStack() as stack:
        record = serve._trace(Namespace(record_signals=Path("/dev/full")), stack, reports.append)
        assert record is not None
        for at_s in (1.0, 2.0):
            record(Signals(at_s, 0, 0.0))
    assert reports == ["signals are recorded no more: No space left on device"]


def unit_settings() -> dict[str, str]:
    lines = [line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_unit_runs_the_daemon_unprivileged_and_lets_systemd_watch_it() -> None:
    unit = unit_settings()
    assert unit["ExecStart"].startswith("/usr/bin/env edge-runtime serve ")
    serve_options = unit["ExecStart"].split()[3:]
    assert arguments(*serve_options).uds is not None
    assert (unit["Type"], unit["User"], unit["ProtectKernelTunables"]) == ("notify", "edge-runtime", "yes")
    assert int(unit["WatchdogSec"]) > 0
    assert int(unit["TimeoutStopSec"]) > 10  # longer than it takes to answer what is here


def test_the_unit_leaves_cuda_what_it_needs() -> None:
    unit = unit_settings()  # both break CUDA: JETSON §5
    assert "MemoryDenyWriteExecute" not in unit
    assert "PrivateDevices" not in unit


def test_what_auto_took_is_reported(call: Call, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bundle, tmp_path / "root")
    use(monkeypatch, OrtDouble(absent=[ort_double.TENSORRT]))
    Visit(tmp_path / "s", lambda ask: ask("GET", "/v2"))
    outcome = call("serve", "--no-tcp", "--uds", tmp_path / "s", "--provider", "auto")
    assert outcome.status == 0
    assert "stages run on CUDA (asked for: auto)" in outcome.err


def test_a_bundle_that_is_not_signed_as_the_root_demands_stops_the_start(bundle: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(bundle, root)
    trust(root, write_key(tmp_path / "ours.key"))
    with ExitStack() as stack, pytest.raises(BundleError, match="is not signed"):
        serve.prepared(arguments("--root", root, "--port", 0), stack, threading.Event())
