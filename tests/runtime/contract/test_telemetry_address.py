from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_address import Broker, broker_at, trusting


def test_a_broker_has_the_port_of_its_scheme_unless_another_is_given() -> None:
    assert broker_at("mqtts://broker.example") == Broker("broker.example", 8883, tls=True)
    assert broker_at("mqtt://127.0.0.1:7000") == Broker("127.0.0.1", 7000, tls=False)


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtts://host:port", "mqtt://host:99999"])
def test_urls_that_name_no_broker_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"no MQTT broker|is no URL"):
        broker_at(url)


def test_certificates_are_checked_against_the_systems_unless_a_file_is_given(tmp_path: Path) -> None:
    assert trusting(None).verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ConfigError, match="certificates to trust cannot be read"):
        trusting(str(tmp_path / "none.pem"))
