from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra `collect`)")

from codesign.collect.mqtt_source import MqttSource
from codesign.collect.segments import Segments, closed_segments
from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_bundle import unbundled
from runtime.telemetry.mqtt_uplink import MqttUplink
from runtime.telemetry.spool import Spooled
from tests.broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


def spooled(count: int, start: int = 0) -> list[Spooled]:
    return [Spooled(k, "inference", "b1", k, 1, b"payload %d" % k) for k in range(start, start + count)]


class Counted:
    """How many payloads were kept, to be waited for."""

    def __init__(self) -> None:
        self.kept, self.change = 0, threading.Condition()

    def __call__(self, payloads: int) -> None:
        with self.change:
            self.kept += payloads
            self.change.notify_all()

    def wait_for(self, count: int) -> None:
        with self.change:
            assert self.change.wait_for(lambda: self.kept >= count, timeout=20), self.kept


def held(inbox: Path, *segments: Segments) -> Counter[bytes]:
    for segment in segments:
        segment.rotate()
    return Counter(p for path in closed_segments(inbox) for p in unbundled(path.read_bytes()))


def subscribed(source: MqttSource) -> None:
    waited = threading.Event()
    for _ in range(400):
        if source.problem is None:
            waited.wait(0.1)  # the subscription follows the connection
            return
        waited.wait(0.02)
    pytest.fail(f"not connected: {source.problem}")


def test_what_is_published_is_on_the_disk(broker: Broker, tmp_path: Path) -> None:
    segments, counted = Segments(tmp_path / "inbox", "a"), Counted()
    source = MqttSource(broker.url, "a", segments, counted)
    subscribed(source)
    uplink = MqttUplink(broker.url, "d1")
    assert len(uplink.send(spooled(50))) == 50
    counted.wait_for(50)
    source.close()
    assert held(tmp_path / "inbox", segments) == Counter(item.content for item in spooled(50))
    uplink.close()
    segments.close()


def test_workers_of_one_group_share_what_comes(broker: Broker, tmp_path: Path) -> None:
    both = [Segments(tmp_path / "inbox", name) for name in ("a", "b")]
    counts = [Counted(), Counted()]
    sources = [MqttSource(broker.url, "ab"[k], both[k], counts[k]) for k in range(2)]
    for source in sources:
        subscribed(source)
    uplink = MqttUplink(broker.url, "d1")
    uplink.send(spooled(40))
    for _ in range(200):
        if counts[0].kept + counts[1].kept >= 40:
            break
        threading.Event().wait(0.02)
    for source in sources:
        source.close()
    assert held(tmp_path / "inbox", *both) == Counter(item.content for item in spooled(40))
    assert min(counted.kept for counted in counts) > 0
    uplink.close()
    for segments in both:
        segments.close()


def test_what_comes_while_worker_and_broker_restart_is_not_lost(broker: Broker, tmp_path: Path) -> None:
    segments, counted = Segments(tmp_path / "inbox", "a"), Counted()
    source = MqttSource(broker.url, "a", segments, counted)
    subscribed(source)
    uplink = MqttUplink(broker.url, "d1")
    uplink.send(spooled(5))
    counted.wait_for(5)
    source.close()
    uplink.send(spooled(5, start=5))  # the broker holds them for the session
    uplink.close()
    broker.stop()
    broker.start()
    again = MqttSource(broker.url, "a", segments, counted)
    counted.wait_for(10)
    again.close()
    found = held(tmp_path / "inbox", segments)
    assert set(found) == {item.content for item in spooled(10)}
    segments.close()


def test_urls_and_missing_extras_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = Segments(tmp_path, "a")
    with pytest.raises(ConfigError, match="names no MQTT broker"):
        MqttSource("http://x", "a", segments, lambda _n: None)
    with pytest.raises(ConfigError, match="is no URL"):
        MqttSource("mqtts://host:port", "a", segments, lambda _n: None)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(ConfigError, match="needs paho-mqtt"):
        MqttSource("mqtt://x", "a", segments, lambda _n: None)
    segments.close()
