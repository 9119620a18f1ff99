"""What root may believe."""

from __future__ import annotations

import os
import stat

import pytest

from runtime.powerd.ownership import is_ours_alone

FILE, STRANGER = stat.S_IFREG, os.geteuid() + 1


@pytest.mark.parametrize(
    ("mode", "uid", "believed"),
    [
        (FILE | 0o600, os.geteuid(), True),
        (FILE | 0o644, 0, True),
        (FILE | 0o600, STRANGER, False),
        (FILE | 0o660, os.geteuid(), False),
        (FILE | 0o602, 0, False),
        (stat.S_IFIFO | 0o600, 0, False),
    ],
)
def test_a_file_is_believed_when_only_root_and_powerds_user_could_write_it(mode: int, uid: int, believed: bool) -> None:
    assert is_ours_alone(os.stat_result((mode, 1, 1, 1, uid, 0, 0, 0, 0, 0))) is believed
