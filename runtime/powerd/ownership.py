"""Whether a file may be believed: nobody but root and powerd's own user can have written it."""

from __future__ import annotations

import os
import stat


def is_ours_alone(status: os.stat_result) -> bool:
    """Of an opened file, so that it cannot be another one by the time it is read. Only a regular file can be."""
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(status.st_mode) and not others_write and status.st_uid in {0, os.geteuid()}
