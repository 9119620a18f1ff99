"""Receives telemetry from an MQTT broker, beside other workers that share its load.

Messages are acknowledged by hand, once they are on the disk, and many at a time: one synchronisation serves all that
came meanwhile. The session outlives the connection, so the broker keeps what comes while a worker restarts. What a
broker delivers twice is found by its key when the set is compacted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.telemetry_address import TOPIC, broker_at, trusting

from .segments import Segments

SESSION_S = 7 * 86_400  # the broker keeps messages for a worker that is away so long
IN_FLIGHT = 2000  # messages that the broker sends before the first is acknowledged
INSTALL = "pip install 'edge-codesign[collect]'"


class MqttSource:
    """A subscription that runs until `close`. `problem` says what is wrong while something is."""

    def __init__(
        self,
        url: str,
        worker: str,
        segments: Segments,
        on_payloads: Callable[[int], None],
        *,
        group: str = "codesign",
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        """Connect and subscribe; a broker that is not there yet is waited for.

        Args:
            worker: names the session, so each worker needs a name of its own.
            group: workers of one group share the messages.
        Raises:
            ConfigError: not an MQTT URL, certificates that cannot be read, or paho-mqtt is not installed.
        """
        try:
            import paho.mqtt.client as paho
            from paho.mqtt.enums import CallbackAPIVersion
            from paho.mqtt.packettypes import PacketTypes
            from paho.mqtt.properties import Properties
        except ImportError as error:
            raise ConfigError("receiving by MQTT needs paho-mqtt", to_do=INSTALL) from error
        broker = broker_at(url)
        self._segments, self._on_payloads = segments, on_payloads
        self._topic = f"$share/{group}/{TOPIC}/#"
        self._arrived: list[tuple[bytes, int, int]] = []  # content, message number, quality of service
        self._connections = 0  # numbers of messages mean something within one
        self._change = threading.Condition()
        self._ended = False
        self.problem: str | None = "not connected yet"
        self._client: Any = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"codesign-{worker}", protocol=paho.MQTTv5, manual_ack=True
        )
        self._client.on_connect, self._client.on_disconnect = self._on_connect, self._on_disconnect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 30)
        if user is not None:
            self._client.username_pw_set(user, password)
        if broker.tls:
            self._client.tls_set_context(trusting(ca_file))
        session: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION_S
        session.ReceiveMaximum = IN_FLIGHT
        self._client.connect_async(broker.host, broker.port, keepalive=60, clean_start=False, properties=session)
        self._client.loop_start()
        self._keeper = threading.Thread(target=self._keep, name="mqtt to disk", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """Keep and acknowledge what has come, then hang up; the broker holds what comes later."""
        with self._change:
            self._ended = True
            self._change.notify_all()
        self._keeper.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.problem = f"the broker does not let this worker in: {reason}"
            return
        with self._change:
            self._connections += 1
            self._arrived.clear()  # of the connection before: the broker sends them again
        self.problem = None
        client.subscribe(self._topic, qos=1)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.problem = f"disconnected: {reason}"

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        with self._change:
            self._arrived.append((message.payload, message.mid, message.qos))
            self._change.notify_all()

    def _keep(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._arrived or self._ended)
                taken, self._arrived, connection = self._arrived, [], self._connections
                if not taken and self._ended:
                    return
            try:
                self._segments.put([content for content, _, _ in taken])
            except StorageError as error:  # unacknowledged, so the broker keeps them for the next connection
                self.problem = error.what
                continue
            if connection == self._connections:  # else the numbers may be those of other messages by now
                for _, number, quality in taken:
                    self._client.ack(number, quality)
            self._on_payloads(len(taken))
