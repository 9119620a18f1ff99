"""The key of a TensorRT engine: all that must be the same for one that was built before to be used again.

TensorRT promises nothing across versions, platforms and GPUs, and what an engine holds was timed on the processors that
were switched on: another power-gating mask is another GPU.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from runtime.boards.sysfs.identity import identify
from runtime.boards.sysfs.io import SysfsIO, names_or_none, text_or_none
from runtime.contract.fingerprint import json_sha256

LIBRARY_FOLDERS = ("/usr/lib/aarch64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/tensorrt/lib")
_LIBRARY = re.compile(r"libnvinfer\.so\.(\d+\.\d+[\d.]*)")  # the file itself; libnvinfer.so.10 is a link to it
# nvpmodel writes it under the GPU's own device, whose name differs from SoC to SoC.
GPU_FOLDERS = ("/sys/devices", "/sys/devices/platform", "/sys/devices/platform/bus@0")
MASK = "tpc_pg_mask"


@dataclass(frozen=True, slots=True)
class BuildSite:
    """Where engines are built; each None where the machine does not say."""

    tensorrt: str | None  # version of the library
    l4t: str | None
    soc: str | None  # the least particular name in the device tree, such as nvidia,tegra234
    power_gating: str | None  # mask of the GPU's processors
    gpu: str | None = None  # compute capability and processors, where CUDA was asked: tells PCs' GPUs apart


@dataclass(frozen=True, slots=True)
class EngineKey:
    """One stage, built in one way at one site."""

    onnx_sha256: str
    precision: str
    shapes: Mapping[str, str]  # input -> range of shapes it is built for; empty: as they come
    site: BuildSite
    builder: str  # what builds it: its version and its options may change the engine

    @property
    def name(self) -> str:
        """A folder's name."""
        table = asdict(self) | {"shapes": dict(self.shapes)}
        return json_sha256(table)


def build_site(io: SysfsIO) -> BuildSite:
    """What of this machine engines depend on; `io` stands for its files."""
    identity = identify(io)
    return BuildSite(
        tensorrt=_library_version(io),
        l4t=identity.l4t,
        soc=identity.compatible[-1] if identity.compatible else None,
        power_gating=_power_gating(io),
    )


def engine_key(
    model: bytes, precision: str, site: BuildSite, *, builder: str, shapes: Mapping[str, str] | None = None
) -> EngineKey:
    """The key of a stage's ONNX bytes."""
    return EngineKey(hashlib.sha256(model).hexdigest(), precision, dict(shapes or {}), site, builder)


def _library_version(io: SysfsIO) -> str | None:
    for folder in LIBRARY_FOLDERS:
        found = [match[1] for name in names_or_none(io, folder) if (match := _LIBRARY.fullmatch(name))]
        if found:
            return max(found, key=lambda version: tuple(int(part) for part in version.split(".") if part))
    return None


def _power_gating(io: SysfsIO) -> str | None:
    for folder in GPU_FOLDERS:
        for name in sorted(names_or_none(io, folder)):
            if "gpu" in name or name.endswith((".gv11b", ".ga10b")):
                mask = text_or_none(io, f"{folder}/{name}/{MASK}")
                if mask is not None:
                    return mask
    return None
