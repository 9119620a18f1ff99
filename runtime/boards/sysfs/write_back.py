"""Values of a snapshot written back, from whatever state the clocks are in now, on any kernel.

It needs nothing but the snapshot: a fresh process brings back what one that died had changed.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass

from .frequency_range import range_of
from .io import SysfsIO, text_or_none, why_not
from .write_log import is_lower

LOCK_OF_RATE = {"rate": "mrq_rate_locked"}
NOT_THERE = (errno.ENOENT, errno.ENODEV, errno.EBUSY)  # EBUSY: of a cpufreq policy that outlives its last core


@dataclass(frozen=True, slots=True)
class NotBack:
    """A file that does not hold what it held."""

    path: str
    why: str
    gone: bool = False  # it can be neither written nor read: what it belongs to is off

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def write_back(io: SysfsIO, values: Iterable[tuple[str, str]], *, throttled: bool = False) -> tuple[NotBack, ...]:
    """Write each value in turn, two limits of one clock together; one that fails does not stop the others.

    A file that holds its value already is not written.

    Args:
        throttled: cooling lowers what limits show, and what was asked for lies unseen underneath: limits are written
            whatever they show, and may show less afterwards.
    """
    wanted = dict(values)
    failed: list[NotBack] = []
    while wanted:
        path = next(iter(wanted))
        pair = range_of(path)
        if pair is None or pair.min_path not in wanted or pair.max_path not in wanted:
            failed += _put(io, path, wanted.pop(path))
            continue
        top = wanted[pair.max_path]
        order = pair.order(io, int(top) * pair.unit_hz if top.isdecimal() else 0)
        texts = [(limit, wanted.pop(limit)) for limit in order]
        for limit, text in texts:
            failed += _put(io, limit, text, always=throttled)
        # With kernels that clamp, a limit reads as it was only once the other is back.
        broken = {one.path for one in failed}
        failed += [
            NotBack(limit, f"holds {held}, not {text}")
            for limit, text in texts
            if limit not in broken and (held := text_or_none(io, limit)) != text
            if not (throttled and is_lower(held, text))
        ]
    return tuple(failed)


def _put(io: SysfsIO, path: str, text: str, *, always: bool = False) -> list[NotBack]:
    folder, _, name = path.rpartition("/")
    lock = LOCK_OF_RATE.get(name)
    if lock is not None and text_or_none(io, f"{folder}/{lock}") == "0":
        return []  # an unlocked memory clock follows the firmware: there is no rate of ours to take back
    if not always and text_or_none(io, path) == text:
        return []
    try:
        io.write(path, text)
    except OSError as error:
        gone = error.errno in NOT_THERE and text_or_none(io, path) is None
        return [NotBack(path, why_not(error), gone)]
    return []
