"""Where a compilation measures its designs: on this machine, or on a board reached by ssh."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from runtime.contract.errors import ConfigError

LOCAL = "local"
SCHEME = "ssh"
PROGRAM = "edge-runtime"
# Neither may begin with a dash: ssh would take it for an option, and `-oProxyCommand=…` runs what it names.
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9]+)?")
PATH = re.compile(r"(/[A-Za-z0-9._+-]+)+")


@dataclass(frozen=True, slots=True)
class MeasureTarget:
    """`host` None is this machine. `program` is what is run there."""

    host: str | None = None
    user: str | None = None
    port: int | None = None
    program: str = PROGRAM

    @property
    def login(self) -> str:
        """What ssh takes: `user@host`."""
        return f"{self.user}@{self.host}" if self.user else str(self.host)

    @property
    def scp_login(self) -> str:
        """What scp takes: an IPv6 address stands in brackets there."""
        host = f"[{self.host}]" if ":" in str(self.host) else str(self.host)
        return f"{self.user}@{host}" if self.user else host

    def __str__(self) -> str:
        if self.host is None:
            return LOCAL
        port = "" if self.port is None else f":{self.port}"
        return f"{SCHEME}://{self.scp_login}{port}"


def measure_target(text: str, option: str = "--measure") -> MeasureTarget:
    """Read `local` or `ssh://[user@]host[:port][/path/to/edge-runtime]`. Raises ConfigError on anything else."""
    if text == LOCAL:
        return MeasureTarget()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _wrong(text, option, str(error)) from error
    if parts.scheme != SCHEME:
        raise _wrong(text, option, f"neither {LOCAL!r} nor an {SCHEME}:// address")
    user = None if parts.username is None else unquote(parts.username)
    if parts.password is not None or parts.query or parts.fragment:
        raise _wrong(text, option, "only user, host, port and the path of edge-runtime may be given; passwords never")
    if not HOST.fullmatch(host):
        raise _wrong(text, option, f"{host!r} is no host name or address")
    if user is not None and not USER.fullmatch(user):
        raise _wrong(text, option, f"{user!r} is no user name")
    if port == 0:
        raise _wrong(text, option, "port 0 is none")
    if parts.path and not PATH.fullmatch(parts.path):
        raise _wrong(text, option, f"{parts.path!r} is no path of a program")
    return MeasureTarget(host, user, port, parts.path or PROGRAM)


def _wrong(text: str, option: str, why: str) -> ConfigError:
    return ConfigError(
        f"cannot {'measure on' if option == '--measure' else 'reach'} {text!r}: {why}",
        where=option,
        to_do="use local, or ssh://user@host, or ssh://user@host:port/path/to/edge-runtime",
    )
