"""`codesign collect`."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")
pytest.importorskip("starlette", reason="starlette is not installed (the extra `collect`)")

from codesign.commands.main import main
from runtime.contract.telemetry_bundle import bundled
from tests.codesign.collect.batches import payload

COMMAND = (sys.executable, "-c", "import sys; from codesign.commands.main import main; sys.exit(main())", "collect")


def test_a_stick_is_collected_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "a.telemetry").write_bytes(bundled([payload(0, 3)]))
    store = tmp_path / "store"
    assert main(["collect", "--store", str(store), "--folder", str(stick), "--once"]) == 0
    assert "3 rows from 1 segments" in capsys.readouterr().out
    assert main(["collect", "--store", str(store), "--folder", str(stick), "--once", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["round"]["duplicates"], told["store"]["rows"]) == (3, {"inference": 3})


def test_a_receiver_keeps_what_was_answered_even_where_it_is_killed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    arguments = ("--store", str(store), "--listen", "127.0.0.1:0", "--every", "600", "--json")
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(json.loads(process.stdout.readline())["listening"].rpartition(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/telemetry", bundled([payload(0, 4)]))
    assert connection.getresponse().read() == b'{"accepted":1}'
    connection.close()
    os.kill(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()
    assert main(["collect", "--store", str(store), "--once"]) == 0
    from codesign.collect.store import Store

    with Store(store) as opened:
        assert opened.state().rows == {"inference": 4}


def test_it_listens_at_an_address_of_ipv6_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert main(["collect", "--store", str(tmp_path), "--listen", "[::1]:0", "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["listening"].startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to collect from"),
        (("--listen", "0.0.0.0:0"), "can be reached from other machines"),
        (("--listen", "here"), "is no address"),
        (("--listen", "127.0.0.1:70000"), "is no address"),
        (("--listen", "127.0.0.1:0", "--cert", "c.pem"), "belong together"),
        (("--mqtt", "http://x"), "names no MQTT broker"),
        (("--folder", "no/such", "--once"), "is no folder"),
        (("--once", "--worker", "a/b"), "cannot name a worker"),
        (("--once", "--every", "0"), "must be above 0 seconds"),
        (("--listen", "127.0.0.1:0", "--token-file", "no/such"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert main(["collect", "--store", str(tmp_path / "store"), *arguments]) == 2
    assert message in capsys.readouterr().err
