"""Every modelled board as it is, and some with what may be odd about one: what must survive all of them."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.behaviour.quirks import Debugfs, Quirks

QUIRKS = {
    "no debugfs": Quirks(debugfs=Debugfs.ABSENT),
    "debugfs not mounted": Quirks(debugfs=Debugfs.UNMOUNTED),
    "GPU never powered": Quirks(gpu_missing_until_powered=True),
    "in a container": Quirks(in_container=True),
    "on a battery": Quirks(has_battery=True),
}
EVERY_BOARD = [
    *(pytest.param(board, Quirks(), id=board) for board in sorted(LAYOUTS)),
    *(
        pytest.param(board, quirks, id=f"{board}, {name}")
        for board in ("nano", "orin-nano-super", "thor")
        for name, quirks in QUIRKS.items()
    ),
]
