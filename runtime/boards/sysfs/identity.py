"""Which machine this is: its model, the profile that describes it, and the software it runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.boards.board_profile import BoardProfile
from runtime.boards.profile import known_boards, profile

from .io import SysfsIO, exists, text_or_none

DEVICE_TREE = "/proc/device-tree"
RELEASE_FILE = "/etc/nv_tegra_release"
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
DESKTOPS = ("x86_64", "amd64", "i686")

# jetson-stats 7.2.2, jetson_variables.py. A release that is not listed is known by its first number only.
JETPACK_OF_L4T = {
    "32.7.6": "4.6.6", "35.6.5": "5.1.7", "36.3": "6.0", "36.4.0": "6.1", "36.4.3": "6.2", "36.4.4": "6.2.1",
    "36.4.7": "6.2.1", "36.5.0": "6.2.2", "36.5.2": "6.2.3", "38.2": "7.0", "38.4": "7.1", "39.2.0": "7.2",
    "39.2.1": "7.2.1", "39.2.2": "7.2.2", "32": "4", "35": "5", "36": "6", "38": "7", "39": "7",
}  # fmt: skip
_RELEASE = re.compile(r"R(\d+) \(release\), REVISION: ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Identity:
    """A machine as it describes itself; each None where it does not say."""

    model: str | None  # in the maker's words
    compatible: tuple[str, ...]  # of the device tree, the most particular first; empty on a PC
    profile: str | None  # name of the board profile that fits
    l4t: str | None  # NVIDIA's release, such as 36.5.0
    jetpack: str | None  # such as 6.2.2; a first number alone where the release is not known here
    kernel: str | None
    boot_id: str | None  # another one after every boot
    in_container: bool  # a hint: not every container leaves a mark
    architecture: str | None = None
    python: str | None = None


def identify(
    io: SysfsIO, *, architecture: str | None = None, python: str | None = None, nvidia_gpu: bool = False
) -> Identity:
    """Read what the machine says of itself; unreadable is None, never an error.

    Args:
        architecture, python: of the machine that the tree belongs to, where the caller knows them.
        nvidia_gpu: whether NVML found a GPU, which makes a PC an `nvidia-gpu` and not an `x86-cpu`.
    """
    entries = tuple((_raw(io, f"{DEVICE_TREE}/compatible") or "").split("\0"))
    compatible = tuple(entry.strip() for entry in entries if entry.strip())
    model = text_or_none(io, f"{DEVICE_TREE}/model") or None
    l4t = l4t_of(text_or_none(io, RELEASE_FILE) or "")
    if compatible:
        fitting = matching_profile(compatible, model or "", tuple(profile(name) for name in known_boards()))
    else:
        fitting = _desktop(architecture, nvidia_gpu=nvidia_gpu)
    return Identity(
        model=model,
        compatible=compatible,
        profile=fitting,
        l4t=l4t,
        jetpack=None if l4t is None else jetpack_of(l4t),
        kernel=text_or_none(io, "/proc/sys/kernel/osrelease"),
        boot_id=text_or_none(io, "/proc/sys/kernel/random/boot_id"),
        in_container=any(exists(io, mark) for mark in CONTAINER_MARKS),
        architecture=architecture,
        python=python,
    )


def l4t_of(release_file: str) -> str | None:
    """`# R36 (release), REVISION: 5.0, …` is 36.5.0; None for anything else."""
    match = _RELEASE.search(release_file)
    if match is None:
        return None
    major, revision = match.groups()
    return f"{major}.{revision}"


def jetpack_of(l4t: str) -> str | None:
    """The JetPack that ships a release, as exactly as is known."""
    parts = l4t.split(".")
    for length in (3, 2, 1):
        if (jetpack := JETPACK_OF_L4T.get(".".join(parts[:length]))) is not None:
            return jetpack
    return None


def matching_profile(compatible: Sequence[str], model: str, profiles: Sequence[BoardProfile]) -> str | None:
    """The profile that names the most particular of the device tree's entries; None where none does.

    A carrier's entry joins names with `+`: `nvidia,p3768-0000+p3767-0005-super` is the module p3767-0005 as well.
    Where several profiles name the module (Orin Nano with and without Super), the longest name of which every word is
    in the machine's own description decides.
    """
    for entry in compatible:
        parts = {entry, *_parts(entry)}
        fitting = [board.name for board in profiles if parts & set(board.compatible)]
        if fitting:
            words = set(re.findall(r"[a-z0-9]+", f"{model} {' '.join(compatible)}".lower()))
            described = [name for name in fitting if set(name.split("-")) <= words]
            return max(described, key=len) if described else min(fitting, key=len)
    return None


def _parts(entry: str) -> set[str]:
    vendor, comma, names = entry.partition(",")
    if not comma:
        return set()
    whole = {f"{vendor},{name}" for name in names.split("+")}
    return whole | {name.removesuffix("-super") for name in whole}


def _desktop(architecture: str | None, *, nvidia_gpu: bool) -> str | None:
    wanted = "nvidia-gpu" if nvidia_gpu else "x86-cpu"
    fits = nvidia_gpu or architecture in DESKTOPS
    return wanted if fits and wanted in known_boards() else None


def _raw(io: SysfsIO, path: str) -> str | None:
    try:
        return io.read(path).decode("utf-8", "replace")
    except OSError:
        return None
