"""The uplink that a URL names."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.telemetry.file_uplink import FileUplink
from runtime.telemetry.https_uplink import HttpsUplink
from runtime.telemetry.mqtt_uplink import MqttUplink
from runtime.telemetry.open_uplink import Credentials, open_uplink


@pytest.mark.parametrize("url", ["file:{}", "file://{}"])
def test_a_folder(url: str, tmp_path: Path) -> None:
    uplink = open_uplink(url.format(tmp_path), "d1")
    assert isinstance(uplink, FileUplink)
    assert uplink.name == str(tmp_path)


def test_a_url_to_post_to() -> None:
    assert isinstance(open_uplink("https://fleet/telemetry", "d1", Credentials(token="x" * 16)), HttpsUplink)


def test_a_broker() -> None:
    pytest.importorskip("paho.mqtt", reason="MQTT needs the extra `mqtt`")
    assert isinstance(open_uplink("mqtts://broker", "d1", Credentials(user="u", password="p")), MqttUplink)  # noqa: S106


@pytest.mark.parametrize(
    ("url", "credentials", "message"),
    [
        ("ftp://there", Credentials(), "'ftp://there' is no uplink"),
        ("file:", Credentials(), "'file:' is no uplink"),
        ("file:/there", Credentials(token="t"), "no use for a token"),  # noqa: S106
        ("https://there", Credentials(user="u"), "no use for a user"),
        ("mqtts://there", Credentials(token="t"), "no use for a token"),  # noqa: S106
        ("file:/there", Credentials(ca_file="f"), "no use for a ca"),
    ],
)
def test_what_does_not_fit_is_refused(url: str, credentials: Credentials, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_uplink(url, "d1", credentials)
