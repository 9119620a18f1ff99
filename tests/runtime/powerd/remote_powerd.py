"""`edge-runtime powerd` on the clocks of a model's kernel, as a process that can be killed.

python -m tests.runtime.powerd.remote_powerd KERNEL_SOCKET [arguments of edge-runtime powerd]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from runtime.boards.behaviour.remote import RemoteIO
from runtime.boards.profile import profile
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.boards.sysfs.io import text_of
from runtime.commands import powerd
from runtime.powerd.daemon import Machine

BOARD = "orin-nano-super"
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def main() -> int:
    """Serve until stopped or killed."""
    parser = ArgumentParser()
    parser.add_argument("kernel", type=Path)
    powerd.add_arguments(parser)
    args = parser.parse_args()
    io = RemoteIO(args.kernel)
    return powerd.run_on(args, Machine(SysfsClocks(io, profile(BOARD)), "", text_of(io, BOOT_ID)))


if __name__ == "__main__":
    sys.exit(main())
