"""`edge-runtime top`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from runtime.commands import top
from runtime.commands.main import main
from runtime.commands.top import looked, table_of, view
from runtime.contract.errors import ConfigError
from runtime.serve.exposure import TokenGuard
from runtime.serve.limits import Limits
from runtime.serve.listeners import AsgiServers, Listener, listen_tcp, listen_unix
from runtime.serve.metrics_reading import read_metrics

pytest.importorskip("uvicorn", reason="serving needs the extra `serve`")

TOKEN = b"0123456789abcdef"


def metrics(requests: int, *, deep: int = 0, refused: int = 0, extra: str = "") -> str:
    return f"""edge_runtime_ready 1
edge_runtime_bundle_info{{bundle_id="abcdef0123456789",board="orin-nano",device="gpu",mode="balanced"}} 1
edge_runtime_requests_total {requests}
edge_runtime_refusals_total{{status="429"}} {refused}
edge_runtime_images_total{{mode="balanced",exit="0"}} {requests - deep}
edge_runtime_images_total{{mode="balanced",exit="1"}} {deep}
edge_runtime_latency_seconds_bucket{{mode="balanced",le="0.00005"}} 0
edge_runtime_latency_seconds_bucket{{mode="balanced",le="0.0001"}} {requests - deep}
edge_runtime_latency_seconds_bucket{{mode="balanced",le="0.0002"}} {requests}
edge_runtime_latency_seconds_bucket{{mode="balanced",le="+Inf"}} {requests}
edge_runtime_queue_images 2
{extra}"""


MACHINE = """edge_runtime_power_watts{scope="VDD_IN",kind="measured"} 6.25
edge_runtime_temperature_celsius 51.5
edge_runtime_clock_hertz{clock="gpu"} 1020000000
process_resident_memory_bytes 90000000
"""


def shown(seen: top.View) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with closing(console.file):
        console.print(table_of(seen))
    return console.export_text()


def test_one_look_tells_of_all_the_time_since_the_start() -> None:
    seen = view(read_metrics(metrics(10, deep=2, refused=3)), None, 0.0)
    assert seen.answered == 10
    assert seen.exits == {"balanced": (8.0, 2.0)}
    assert (seen.p50_s, seen.p99_s) == (0.0001, 0.0002)
    assert seen.refused == {"429": 3.0}
    assert not seen.per_s


def test_two_looks_tell_of_the_time_between() -> None:
    before, now = read_metrics(metrics(10, deep=10)), read_metrics(metrics(30, deep=15))
    seen = view(now, before, 2.0)
    assert seen.answered == 10.0
    assert seen.exits == {"balanced": (15.0, 5.0)}


def test_a_restarted_server_counts_from_its_start() -> None:
    seen = view(read_metrics(metrics(3)), read_metrics(metrics(1000)), 1.0)
    assert seen.answered == 3.0


def test_what_is_not_known_is_shown_as_unknown() -> None:
    seen = view(read_metrics(metrics(0)), None, 0.0)
    assert (seen.power_w, seen.temperature_c, seen.clocks_hz) == (None, None, {})
    text = shown(seen)
    assert "power" in text
    assert "0.00 W" not in text


def test_a_terminal_shows_clocks_watts_exits_and_latency() -> None:
    text = shown(view(read_metrics(metrics(10, deep=5, extra=MACHINE)), None, 0.0))
    for part in ("GPU 1020 MHz", "6.25 W  (VDD_IN)", "51.5 °C", "90 MB", "balanced, exit 1", "50.0 %", "99 % ≤ 0.2 ms"):
        assert part in text


@pytest.fixture
def server(tmp_path: Path) -> Any:
    async def app(scope: Any, _: Any, send: Any) -> None:
        body = metrics(10).encode() if scope["path"] == "/metrics" else b""
        await send({"type": "http.response.start", "status": 200 if body else 404, "headers": []})
        await send({"type": "http.response.body", "body": body})

    sock = listen_tcp("127.0.0.1", 0)
    port = sock.getsockname()[1]
    uds = tmp_path / "s"
    servers = AsgiServers(
        [Listener(sock, TokenGuard(app, TOKEN)), Listener(listen_unix(uds), app)], Limits(drain_s=1.0)
    )
    servers.start()
    yield f"http://127.0.0.1:{port}", uds
    servers.stop()


def test_it_looks_at_a_port_with_a_token_and_at_a_unix_socket_without(server: tuple[str, Path]) -> None:
    url, uds = server
    assert looked(url, None, TOKEN) == looked(url, uds, None)
    with pytest.raises(ConfigError, match="the server answers 401"):
        looked(url, None, None)


def test_one_look_is_printed(server: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--uds", str(server[1]), "--once"]) == 0
    assert "10 requests" in capsys.readouterr().out
    assert main(["top", "--uds", str(server[1]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answered"] == 10


def test_it_looks_again_and_again_until_interrupted(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    naps = iter([None, None])

    def nap(_: float) -> None:
        if next(naps, KeyboardInterrupt) is KeyboardInterrupt:
            raise KeyboardInterrupt

    monkeypatch.setattr(top.time, "sleep", nap)
    assert main(["top", "--uds", str(server[1])]) == 130
    assert "requests/s" in capsys.readouterr().out


def test_where_no_server_answers_it_says_what_to_start(tmp_path: Path) -> None:
    for url, uds in (("http://127.0.0.1:1", None), ("http://127.0.0.1:1", tmp_path / "none"), ("nonsense", None)):
        with pytest.raises(ConfigError, match="no server answers"):
            looked(url, uds, None)
