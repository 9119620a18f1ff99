from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_address import TOPIC
from runtime.contract.telemetry_batch import INFERENCE, decode
from runtime.telemetry.mqtt_uplink import MqttUplink
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.uplink import UplinkFailed
from tests.broker import Broker

paho = pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra `mqtt`)")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def waiting(tmp_path: Path) -> list[Spooled]:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        for k in range(5):
            spool.append(INFERENCE, {"at_us": [k]}, 0)
        return spool.waiting(1 << 20)


class Subscriber:
    """Hears what is published."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[bytes] = []
        self.changed = threading.Condition()
        self.client: Any = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="hears", protocol=paho.MQTTv5)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        self.client.subscribe(f"{TOPIC}/#", qos=1)
        assert subscribed.wait(10)

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        with self.changed:
            self.heard.append(message.payload)
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.heard) >= count, timeout=10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_every_payload_is_a_message_and_acknowledged_once_the_broker_has_it(
    broker: Broker, waiting: list[Spooled]
) -> None:
    subscriber, uplink = Subscriber(broker), MqttUplink(broker.url, "d1")
    assert list(uplink.send(waiting)) == [item.id for item in waiting]
    subscriber.wait_for(5)
    assert [decode(payload).first_seq for payload in subscriber.heard] == [0, 1, 2, 3, 4]
    uplink.close()
    subscriber.close()


def test_a_broker_that_went_away_acknowledges_nothing_and_is_found_again(
    broker: Broker, waiting: list[Spooled]
) -> None:
    subscriber, uplink = Subscriber(broker), MqttUplink(broker.url, "d1", timeout_s=2.0)
    assert uplink.send(waiting[:1])
    subscriber.close()
    broker.stop(kill=True)
    with pytest.raises(UplinkFailed, match=r"acknowledged nothing|cannot be reached"):
        uplink.send(waiting[1:])
    with pytest.raises(UplinkFailed, match="cannot be reached"):
        uplink.send(waiting[1:])
    broker.start()
    subscriber = Subscriber(broker)
    assert list(uplink.send(waiting[1:])) == [item.id for item in waiting[1:]]
    uplink.close()
    subscriber.close()


def test_what_a_broker_throws_away_because_nobody_has_subscribed_is_not_acknowledged(
    broker: Broker, waiting: list[Spooled]
) -> None:
    uplink = MqttUplink(broker.url, "d1")
    with pytest.raises(UplinkFailed, match="No matching subscribers"):
        uplink.send(waiting)
    subscriber = Subscriber(broker)
    assert len(uplink.send(waiting)) == 5
    uplink.close()
    subscriber.close()


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtts://host:port"])
def test_urls_that_name_no_broker_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"no MQTT broker|is no URL"):
        MqttUplink(url, "d1")


def test_without_paho_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(ConfigError, match="needs paho-mqtt"):
        MqttUplink("mqtt://host", "d1")
