"""A package `jtop` that behaves as jetson-stats does, written into a folder for a child process to import."""

from __future__ import annotations

from pathlib import Path

POWER = {
    "rail": {
        "VDD_IN": {"volt": 5000, "curr": 1000, "power": 5000, "avg": 4900, "online": True},
        "VDD_SOC": {"volt": 5000, "curr": 200, "power": 1000, "online": True},
        "VIN": {"power": 18_250},
        "off": {"volt": 0, "curr": 0, "power": 0, "online": False},
        "odd": {"volt": 5000, "curr": 10, "power": None},
    },
    "tot": {"volt": 5000, "curr": 1000, "power": 5000, "name": "VDD_IN"},
}

SOURCE = """
import time

class JtopException(Exception):
    pass

class jtop:
    def __init__(self, interval):
        self.interval, self.left = interval, {lines}

    def __enter__(self):
        if {absent}:
            raise JtopException("The jtop.service is not active. Please run: sudo systemctl restart jtop.service")
        return self

    def __exit__(self, *_):
        return None

    def ok(self):
        self.left -= 1
        time.sleep(self.interval)
        return self.left >= 0

    power = {power!r}
"""


def write_jtop(folder: Path, *, lines: int = 1000, absent: bool = False) -> Path:
    """Put the package there; it gives so many readings and ends."""
    package = folder / "jtop"
    package.mkdir(parents=True, exist_ok=True)
    source = SOURCE.format(lines=lines, absent=absent, power=POWER)
    (package / "__init__.py").write_text(source, encoding="utf-8")
    return folder
