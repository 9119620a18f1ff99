"""Where telemetry goes over a network: what the board that sends and the collector that receives must mean alike."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import ConfigError

TOPIC = "edge-codesign/telemetry"  # devices publish to TOPIC/<device>
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker."""

    host: str
    port: int
    tls: bool


def broker_at(url: str) -> Broker:
    """The broker that `mqtts://host[:port]` or `mqtt://…` names. Raises ConfigError where it names none."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no URL: {error}", to_do="give mqtts://host[:port]") from error
    if parts.scheme not in PORTS or not host:
        raise ConfigError(f"{url!r} names no MQTT broker", to_do="give mqtts://host[:port], or mqtt:// on your own")
    return Broker(host, port or PORTS[parts.scheme], tls=parts.scheme == "mqtts")


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """TLS that trusts the certificates of a file, or the system's. Raises ConfigError where they cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates to trust cannot be read: {error}", where=ca_file, to_do="check the file"
        ) from error
