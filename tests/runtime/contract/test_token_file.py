from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.token_file import read_password, read_token

TOKEN = b"0123456789abcdef"


def secret(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_token_is_read_without_white_space(tmp_path: Path) -> None:
    assert read_token(secret(tmp_path, b" " + TOKEN + b"\n")) == TOKEN


def test_a_password_is_read_whatever_it_is_but_for_the_end_of_its_line(tmp_path: Path) -> None:
    assert read_password(secret(tmp_path, " p ß\r\n".encode())) == " p ß"


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (TOKEN, 0o644, "everyone on this machine can read the token"),
        (b"short", 0o600, "at least 16 visible"),
        (b"two words, which is too many", 0o600, "one word"),
        (b"", 0o600, "at least 16"),
    ],
)
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: bytes, mode: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_token(secret(tmp_path, content, mode))


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (b"p", 0o604, "everyone on this machine can read the password"),
        (b"\xff", 0o600, "the password cannot be read"),
    ],
)
def test_a_password_that_protects_nothing_or_is_no_text_is_refused(
    tmp_path: Path, content: bytes, mode: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_password(secret(tmp_path, content, mode))


def test_a_missing_secret_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the token cannot be read: No such file"):
        read_token(tmp_path / "none")
    with pytest.raises(ConfigError, match="the password cannot be read: No such file"):
        read_password(tmp_path / "none")
