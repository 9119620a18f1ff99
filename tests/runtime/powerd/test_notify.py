"""Words to systemd."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from runtime.powerd.notify import Notifier, ping_period_s


def test_states_arrive_at_the_named_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        assert Notifier(str(tmp_path / "notify")).tell("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_an_at_sign_stands_for_the_abstract_namespace(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{tmp_path}")
        assert Notifier(f"@{tmp_path}").tell("WATCHDOG=1")
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_nobody_to_tell_is_no_error(tmp_path: Path) -> None:
    assert not Notifier(None).tell("READY=1")
    assert not Notifier(str(tmp_path / "gone")).tell("READY=1")


@pytest.mark.parametrize(
    ("watchdog_usec", "period_s"), [("10000000", 5.0), (None, None), ("0", None), ("soon", None), ("-5", None)]
)
def test_a_watchdog_is_pinged_twice_in_its_time(watchdog_usec: str | None, period_s: float | None) -> None:
    assert ping_period_s(watchdog_usec) == period_s
