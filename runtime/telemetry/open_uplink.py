"""The uplink that a URL names: `file:DIR`, `https://…` or `mqtts://…`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.contract.errors import ConfigError

from .file_uplink import FileUplink
from .https_uplink import HttpsUplink
from .mqtt_uplink import MqttUplink
from .uplink import Uplink

FILE = "file:"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the other side wants to see, and by what it is known."""

    token: str | None = None
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None


def open_uplink(url: str, device_id: str, credentials: Credentials | None = None) -> Uplink:
    """The uplink; nothing is connected yet.

    Raises:
        ConfigError: no such kind of uplink, credentials that it has no use for, or what the uplink itself refuses.
    """
    shown = Credentials() if credentials is None else credentials
    scheme = url.split(":", 1)[0]
    if scheme == "file" and (folder := url[len(FILE) :].removeprefix("//")):
        _unused(shown, url, ("token", "user", "password", "ca_file"))
        return FileUplink(Path(folder), device_id)
    if scheme in ("https", "http"):
        _unused(shown, url, ("user", "password"))
        return HttpsUplink(url, token=shown.token, ca_file=shown.ca_file)
    if scheme in ("mqtts", "mqtt"):
        _unused(shown, url, ("token",))
        return MqttUplink(url, device_id, user=shown.user, password=shown.password, ca_file=shown.ca_file)
    raise ConfigError(f"{url!r} is no uplink", where="--uplink", to_do="give file:DIR, https://… or mqtts://…")


def _unused(shown: Credentials, url: str, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(shown, name) is not None:
            raise ConfigError(
                f"an uplink to {url} has no use for a {name.removesuffix('_file')}",
                where="--uplink",
                to_do="leave that option out",
            )
