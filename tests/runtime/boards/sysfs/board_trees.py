"""Folders that stand for boards: plain files, which take any value, and trees that count, refuse or die on demand."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.boards.sysfs.tree import TreeIO
from runtime.contract.operating_point import OperatingPoint

GPU = "/sys/class/devfreq/17000000.gpu"
RAILGATE = "/sys/devices/platform/gpu.0/railgate_enable"
CPU = "/sys/devices/system/cpu/cpufreq"
BPMP = "/sys/kernel/debug/bpmp/debug"
EMC = f"{BPMP}/clk/emc"
EMC_CAP = "/sys/kernel/nvpmodel_clk_cap/emc"

GPU_HZ = (306_000_000, 612_000_000, 1_020_000_000)
CPU_HZ = (115_200_000, 729_600_000, 1_728_000_000)
EMC_HZ = (665_600_000, 2_133_000_000, 3_199_000_000)
SLOWEST = OperatingPoint(CPU_HZ[0], GPU_HZ[0], EMC_HZ[0])
FASTEST = OperatingPoint(CPU_HZ[-1], GPU_HZ[-1], EMC_HZ[-1])
MIDDLE = OperatingPoint(CPU_HZ[1], GPU_HZ[1], EMC_HZ[1])


def policy(number: int, table_khz: tuple[int, ...] = tuple(hz // 1000 for hz in CPU_HZ)) -> dict[str, str]:
    """One cluster's files."""
    folder = f"{CPU}/policy{number}"
    return {
        f"{folder}/scaling_available_frequencies": " ".join(map(str, table_khz)),
        f"{folder}/scaling_min_freq": str(table_khz[0]),
        f"{folder}/scaling_max_freq": str(table_khz[-1]),
        f"{folder}/scaling_cur_freq": str(table_khz[0]),
        f"{folder}/scaling_governor": "schedutil",
        f"{folder}/scaling_setspeed": "<unsupported>",
        f"{folder}/scaling_driver": "tegra194",
    }


def gpu() -> dict[str, str]:
    """An Orin's GPU; cur_freq 0, as of one without power."""
    return {
        f"{GPU}/device/of_node/name": "gpu\0",
        f"{GPU}/available_frequencies": " ".join(map(str, GPU_HZ)) + "\n",
        f"{GPU}/min_freq": str(GPU_HZ[0]),
        f"{GPU}/max_freq": str(GPU_HZ[-1]),
        f"{GPU}/cur_freq": "0",
        f"{GPU}/governor": "nvhost_podgov",
        RAILGATE: "1",
    }


def emc() -> dict[str, str]:
    """The BPMP's memory clock, unlocked at 2133 MHz."""
    return {
        f"{EMC}/rate": str(EMC_HZ[1]),
        f"{EMC}/min_rate": str(EMC_HZ[0]),
        f"{EMC}/max_rate": str(EMC_HZ[-1]),
        f"{EMC}/mrq_rate_locked": "0",
        f"{EMC}/state": "1",
        f"{EMC}/dvfs_table": "\n".join(f"{hz} 650000" for hz in EMC_HZ),
        EMC_CAP: "-1",
    }


def orin() -> dict[str, str]:
    """A board with two clusters, a GPU and a memory clock."""
    return {**gpu(), **policy(0), **policy(4), **emc()}


def tree_with(root: Path, files: Mapping[str, str]) -> TreeIO:
    """A folder with those files."""
    for path, text in files.items():
        at = root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text.encode())
    return TreeIO(root)


class MemoryTree:
    """The same in a dictionary, with a rule on top of every write.

    `rule(path, text)` may raise, change `files`, or return another text than was written.
    """

    def __init__(self, files: Mapping[str, str], rule: Callable[[str, str], str] | None = None) -> None:
        self.files = dict(files)
        self.rule = rule
        self.unwritable: set[str] = set()
        self.unreadable: dict[str, int] = {}
        self.writes: list[tuple[str, str]] = []

    def read(self, path: str) -> bytes:
        if path in self.unreadable:
            raise _error(self.unreadable[path], path)
        if path not in self.files:
            raise _error(errno.ENOENT, path)
        return self.files[path].encode()

    def write(self, path: str, text: str) -> None:
        if path not in self.files:
            raise _error(errno.ENOENT, path)
        if path in self.unwritable:
            raise _error(errno.EACCES, path)
        kept = text if self.rule is None else self.rule(path, text)
        self.files[path] = kept
        self.writes.append((path, text))

    def names(self, folder: str) -> tuple[str, ...]:
        if folder in self.unreadable:
            raise _error(self.unreadable[folder], folder)
        base = folder.rstrip("/") + "/"
        names = {path[len(base) :].partition("/")[0] for path in self.files if path.startswith(base)}
        if not names:
            raise _error(errno.ENOENT, folder)
        return tuple(sorted(names))


class OldKernel:
    """Kernel 4.9: a lower limit above the upper one is EINVAL, and the reverse."""

    def __init__(self) -> None:
        self.tree: MemoryTree | None = None

    def __call__(self, path: str, text: str) -> str:
        folder, _, name = path.rpartition("/")
        other = name.replace("min", "max") if "min" in name else name.replace("max", "min")
        if name.endswith("_freq") and self.tree is not None and f"{folder}/{other}" in self.tree.files:
            value, limit = int(text), int(self.tree.files[f"{folder}/{other}"])
            if (value > limit) if "min" in name else (value < limit):
                raise _error(errno.EINVAL, path)
        return text


def old_kernel(files: Mapping[str, str]) -> MemoryTree:
    """A tree under that kernel."""
    rule = OldKernel()
    rule.tree = MemoryTree(files, rule)
    return rule.tree


def clocks_over(tree: MemoryTree, device: str = "gpu") -> SysfsClocks:
    """The clocks of that board, none of them waited for."""
    return SysfsClocks(tree, device=device, sleep=no_wait)


def no_wait(seconds: float) -> None:
    """Instead of time.sleep."""
    del seconds


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
