"""The compose file, the broker's settings and the commands in both are ones that mosquitto and `codesign` accept."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codesign.collect.share import Share
from codesign.commands.main import parser
from runtime.contract.telemetry_address import TOPIC
from runtime.contract.telemetry_batch import EVENT, decode
from runtime.telemetry.mqtt_uplink import MqttUplink
from runtime.telemetry.spool import Spool
from runtime.telemetry.uplink import UplinkFailed
from tests.broker import STARTS_WITHIN_S
from tests.runtime.serve.certificates import write_certificates

COLLECTOR = Path(__file__).resolve().parents[1] / "deploy" / "collector"
INSIDE = "/mosquitto/config/"
WORD = "a-word-that-nobody-guesses"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    found: dict[str, Any] = yaml.safe_load((COLLECTOR / "compose.yaml").read_text())["services"]
    return found


def workers(services: dict[str, Any]) -> list[Any]:
    """The arguments of each worker, read by the command's own parser."""
    commands = [service["command"] for name, service in services.items() if name.startswith("worker")]
    return [parser().parse_args(command) for command in commands]


def test_workers_are_commands_that_codesign_accepts(services: dict[str, Any]) -> None:
    assert len(workers(services)) == 2
    assert {args.command for args in workers(services)} == {"collect"}


def test_no_secret_gets_into_the_image_or_into_git() -> None:
    root = COLLECTOR.parents[1]
    lines = [line.split() for line in (COLLECTOR / "Dockerfile").read_text().splitlines()]
    copied = [root / source for line in lines if line[:1] == ["COPY"] for source in line[1:-1]]
    assert {path.name for path in copied} >= {"pyproject.toml", "codesign", "runtime"}
    for path in copied:
        assert path.exists()
        assert not COLLECTOR.is_relative_to(path.resolve())
    ignored = (root / ".gitignore").read_text().splitlines()
    assert {"deploy/collector/secrets/", "deploy/collector/store/"} <= {*ignored}


def test_workers_share_a_subscription_a_store_and_all_devices_under_names_of_their_own(
    services: dict[str, Any],
) -> None:
    told = workers(services)
    assert len({args.worker for args in told}) == 2
    assert len({args.group for args in told}) == 1
    shares = [Share.parse(args.compact) for args in told]
    assert sorted(share.index for share in shares) == list(range(len(told)))
    assert {share.of for share in shares} == {len(told)}
    assert not any(args.no_compact for args in told)
    for args, name in zip(told, ("worker-a", "worker-b"), strict=True):
        mounted = {entry.split(":")[1] for entry in services[name]["volumes"]}
        assert {str(args.store), str(args.mqtt_password_file), str(args.mqtt_ca)} == mounted
        assert args.mqtt == "mqtts://broker:8883"


def test_every_file_that_the_broker_reads_is_mounted_and_those_that_are_ours_are_there(
    services: dict[str, Any],
) -> None:
    mounted = {entry.split(":")[1]: entry.split(":")[0] for entry in services["broker"]["volumes"]}
    for line in (COLLECTOR / "mosquitto.conf").read_text().splitlines():
        for word in line.split()[1:]:
            if word.startswith(INSIDE) and not line.startswith("#"):
                assert word in mounted
    ours = [COLLECTOR / source for source in mounted.values() if source.startswith("./") and "secrets" not in source]
    assert len(ours) == 2
    assert all(path.is_file() for path in ours)
    assert services["broker"]["ports"] == ["8883:8883"]


def test_what_a_worker_is_built_from_is_there(services: dict[str, Any]) -> None:
    build = services["worker-a"]["build"]
    context = (COLLECTOR / build["context"]).resolve()
    assert (context / build["dockerfile"]).is_file()
    assert (context / "pyproject.toml").is_file()
    assert "[collect]" in (context / build["dockerfile"]).read_text()


@dataclass
class Running:
    """The broker with the settings that are deployed, but for places."""

    port: int
    authority: Path

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    def uplink(self, user: str, device: str, password: str = WORD) -> MqttUplink:
        return MqttUplink(
            self.url, device, user=user, password=password, ca_file=str(self.authority), timeout_s=STARTS_WITHIN_S
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pytest.importorskip("paho.mqtt", reason="MQTT needs the extra `mqtt`")
    where = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/sbin:/opt/homebrew/bin"
    program, passwords = (shutil.which(name, path=where) for name in ("mosquitto", "mosquitto_passwd"))
    if program is None or passwords is None:
        pytest.skip("mosquitto is not installed (Debian: apt-get install mosquitto)")
    folder = tmp_path_factory.mktemp("broker")
    authority, server, _ = write_certificates(folder)
    (folder / "passwords").touch(0o600)
    for user in ("collector", "board", "device-7"):
        subprocess.run([passwords, "-b", str(folder / "passwords"), user, WORD], check=True, capture_output=True)
    shutil.copy(COLLECTOR / "acl", folder / "acl")
    (folder / "acl").chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    settings = (COLLECTOR / "mosquitto.conf").read_text()
    for inside, outside in (
        (f"{INSIDE}broker.pem", str(server.certificate)),
        (f"{INSIDE}broker.key", str(server.key)),
        (INSIDE, f"{folder}/"),
        ("/mosquitto/data/", f"{folder}/"),
        ("listener 8883", f"listener {port} 127.0.0.1"),
    ):
        assert inside in settings
        settings = settings.replace(inside, outside)
    (folder / "mosquitto.conf").write_text(f"{settings}user root\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    until_s = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
            break
        time.sleep(0.02)
    else:
        pytest.fail((folder / "log").read_text()[-500:])
    yield Running(port, authority)
    process.terminate()
    process.wait()


class Subscribed:
    """A client that has subscribed as the workers do, or whatever else is asked for."""

    def __init__(self, broker: Running, user: str, topic: str) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.arrived: list[bytes] = []
        self._came, answered = threading.Event(), threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.username_pw_set(user, WORD)
        self._client.tls_set_context(ssl.create_default_context(cafile=str(broker.authority)))
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: answered.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert answered.wait(STARTS_WITHIN_S)

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        self.arrived.append(message.payload)
        self._came.set()

    def wait(self) -> None:
        assert self._came.wait(STARTS_WITHIN_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def sent(uplink: MqttUplink, folder: Path) -> list[int]:
    with Spool(folder / "spool", "device-7", "boot") as spool:
        spool.append(EVENT, {"name": ["started"]}, 0)
        try:
            return list(uplink.send(spool.waiting(1 << 20)))
        finally:
            uplink.close()


@pytest.mark.parametrize("user", ["board", "device-7"])
def test_what_a_board_sends_reaches_a_worker_and_no_board(broker: Running, tmp_path: Path, user: str) -> None:
    worker = Subscribed(broker, "collector", f"$share/codesign/{TOPIC}/#")
    curious = Subscribed(broker, "board", f"{TOPIC}/#")
    assert sent(broker.uplink(user, "device-7"), tmp_path) == [1]
    worker.wait()
    worker.close()
    curious.close()
    assert [decode(payload).device_id for payload in worker.arrived] == ["device-7"]
    assert curious.arrived == []


@pytest.mark.parametrize(
    ("user", "device", "password"),
    [("device-7", "device-8", WORD), ("collector", "device-7", WORD), ("board", "device-7", "wrong")],
)
def test_nobody_sends_in_anothers_name_or_without_the_password(
    broker: Running, tmp_path: Path, user: str, device: str, password: str
) -> None:
    worker = Subscribed(broker, "collector", f"{TOPIC}/#")
    with pytest.raises(UplinkFailed):
        sent(broker.uplink(user, device, password), tmp_path)
    worker.close()
    assert worker.arrived == []
