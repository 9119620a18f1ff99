"""Names the machine that measured figures speak of."""

from __future__ import annotations

import os
import platform
from pathlib import Path

MODEL_FILES = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")  # Jetsons and other ARM boards


def this_machine(root: Path = Path("/")) -> str:
    """Board or processor, number of cores and architecture, in words; `root` stands for a recorded machine's `/`."""
    for name in MODEL_FILES:
        if (root / name).is_file():
            model = (root / name).read_bytes().rstrip(b"\0\n").decode("utf-8", "replace")
            break
    else:
        model = _processor(root / "proc" / "cpuinfo")
    return f"{model}, {os.cpu_count()} cores, {platform.machine()}"


def _processor(cpuinfo: Path) -> str:
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or "unnamed processor"
