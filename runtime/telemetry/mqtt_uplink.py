"""Telemetry by MQTT 5: one message per payload, QoS 1, and only a PUBACK that reports success acknowledges it.

"No matching subscribers" is a success to MQTT 5 and none to us: the broker has thrown the message away, as it does when
it has been restarted and its collectors are not back yet. Such a payload stays in the spool. What a broker drops since
its queue for the collectors is full it may report as a success (mosquitto 2.0 does): how long that queue is, is the
broker's setting.

The client is paho-mqtt (an extra, `mqtt`; EPL-2.0 or BSD). It keeps nothing over a restart: the spool does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_address import TOPIC, broker_at, trusting

from .spool import Spooled
from .uplink import UplinkFailed

TIMEOUT_S = 30.0
SUCCESS = 0  # of a PUBACK's reasons


class MqttUplink:
    """Publishes to TOPIC/<device>. A connection lasts as long as it lasts; the next send makes another."""

    def __init__(
        self,
        url: str,
        device_id: str,
        *,
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Keep where to; nothing is connected yet.

        Raises:
            ConfigError: not an MQTT URL, certificates that cannot be read, or paho-mqtt is not installed.
        """
        try:
            import paho.mqtt.client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise ConfigError("the MQTT uplink needs paho-mqtt", to_do="pip install 'edge-codesign[mqtt]'") from error
        self._url, self._broker = url, broker_at(url)
        self._topic, self._timeout_s = f"{TOPIC}/{device_id}", timeout_s
        self._settled = threading.Condition()
        self._acknowledged: set[int] = set()
        self._refusals: dict[int, str] = {}
        self._connected = False
        self._problem: str | None = None
        self._paho, self._callbacks = paho, CallbackAPIVersion.VERSION2
        self._client_id, self._user, self._password = f"edge-{device_id}", user, password
        self._client: Any = None  # one per connection: it would send again, by itself, what the spool sends again
        self._tls = trusting(ca_file) if self._broker.tls else None

    @property
    def name(self) -> str:
        """The broker and the topic."""
        return f"{self._url} {self._topic}"

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Publish them, and wait for as many PUBACKs. Raises UplinkFailed where none came."""
        self._connect()
        numbers = {}
        with self._settled:
            self._acknowledged.clear()
            self._refusals.clear()
        for item in payloads:
            told = self._client.publish(self._topic, item.content, qos=1)
            if told.rc != 0:
                break
            numbers[told.mid] = item.id
        with self._settled:
            self._settled.wait_for(
                lambda: not self._connected or numbers.keys() <= self._acknowledged | self._refusals.keys(),
                timeout=self._timeout_s,
            )
            taken = [numbers[mid] for mid in numbers if mid in self._acknowledged]
            refused = next((self._refusals[mid] for mid in numbers if mid in self._refusals), None)
        if len(taken) < len(payloads):
            self.close()
        if not taken:
            raise UplinkFailed(
                f"{self._broker.host} acknowledged nothing: {refused or self._problem or 'no answer in time'}",
                to_do="it will be tried again",
            )
        return taken

    def _connect(self) -> None:
        if self._client is not None and self._connected:
            return
        self.close()
        self._problem = None
        client = self._paho.Client(self._callbacks, client_id=self._client_id, protocol=self._paho.MQTTv5)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        client.max_inflight_messages_set(100)
        if self._user is not None:
            client.username_pw_set(self._user, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=60, clean_start=True)
        except (OSError, UnicodeError) as error:  # ssl.SSLError is one; UnicodeError: a host such as a..b
            raise UplinkFailed(
                f"{self._broker.host} cannot be reached: {error}", to_do="it will be tried again"
            ) from error
        self._client = client
        client.loop_start()
        with self._settled:
            self._settled.wait_for(lambda: self._connected or self._problem is not None, timeout=self._timeout_s)
            connected = self._connected
        if not connected:
            problem = self._problem or "no answer in time"
            self.close()
            raise UplinkFailed(
                f"{self._broker.host} does not let this board in: {problem}", to_do="check user and password"
            )

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._settled:
            if reason.is_failure:
                self._problem = str(reason)
            else:
                self._connected = True
            self._settled.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._settled:
            self._connected, self._problem = False, f"disconnected: {reason}"
            self._settled.notify_all()

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        with self._settled:
            if reason.value == SUCCESS:
                self._acknowledged.add(mid)
            else:
                self._refusals[mid] = str(reason)
            self._settled.notify_all()

    def close(self) -> None:
        """Hang up, and forget what was not acknowledged: it is in the spool."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
        with self._settled:
            self._connected = False
