"""Tells systemd that powerd is ready and alive (sd_notify(3)): a datagram to the socket that systemd names."""

from __future__ import annotations

import socket


class Notifier:
    """Silent where there is no address, which is so when systemd did not start the process."""

    def __init__(self, address: str | None) -> None:
        # A leading @ stands for the abstract namespace, where names begin with NUL.
        self._address = f"\0{address[1:]}" if address is not None and address.startswith("@") else address

    def tell(self, state: str) -> bool:
        """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=text`; False where nobody could be told."""
        if self._address is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(state.encode(), self._address)
            except OSError:  # a missed ping shows in the watchdog; powerd's own work must not wait for it
                return False
        return True


def ping_period_s(watchdog_usec: str | None) -> float | None:
    """Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises; None where there is no watchdog."""
    if watchdog_usec is None or not watchdog_usec.isdecimal() or int(watchdog_usec) == 0:
        return None
    return int(watchdog_usec) / 2e6
