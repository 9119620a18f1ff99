"""A secret in a file that not everybody may read: the token that a server demands, or a password."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import ConfigError

LEAST_TOKEN = 16  # characters
MOST_BYTES = 4096


def read_token(path: Path) -> bytes:
    """The token in a file, without surrounding white space.

    Raises:
        ConfigError: unreadable, readable by everyone, too short, or not one line of visible ASCII.
    """
    token = _read(path, "token").strip()
    if len(token) < LEAST_TOKEN or not all(33 <= byte <= 126 for byte in token):
        raise ConfigError(
            f"a token is one word of at least {LEAST_TOKEN} visible ASCII characters",
            where=str(path),
            to_do=f"openssl rand -hex 32 > {path}",
        )
    return token


def read_password(path: Path) -> str:
    """The password in a file, whatever it is, without the end of its line.

    Raises:
        ConfigError: unreadable, readable by everyone, or not UTF-8.
    """
    try:
        return _read(path, "password").decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"the password cannot be read: {error}", where=str(path), to_do="write it as UTF-8 text"
        ) from error


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"the {what} cannot be read: {error.strerror}", where=str(path), to_do="check the path and its owner"
        ) from error
    if mode & stat.S_IROTH:
        raise ConfigError(f"everyone on this machine can read the {what}", where=str(path), to_do=f"chmod o-r {path}")
    return content
