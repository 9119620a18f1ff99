"""The bundle's table of contents: format version, identity, provenance, target, and a hash of every file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import BundleError, ConfigError
from .fingerprint import json_sha256
from .tensor_spec import TensorSpec

FORMAT_VERSION = "1.0"
MANIFEST, POLICY, PROMISES, GOLDEN = "manifest.json", "policy.json", "predictor.json", "golden.npz"
DESIGNS = "designs"
LEAST_DIGITS = 8  # of a bundle's id, where not all of it is given


def stage_file(design: str, stage: int) -> str:
    """Path of one stage inside a bundle."""
    return f"{DESIGNS}/{design}/stages/{stage}.onnx"


def check_abbreviated(bundle_id: str) -> None:
    """Refuse the beginning of a bundle's id that is too short to name one. Raises ConfigError."""
    if len(bundle_id) < LEAST_DIGITS:
        raise ConfigError(f"{bundle_id!r} is too short to name a bundle", to_do=f"give {LEAST_DIGITS} digits of its id")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`manifest.json`. `bundle_id` is the SHA-256 of everything else in it, and so of every file it lists."""

    board: str
    device: str  # gpu or cpu
    classes: tuple[str, ...]
    input: TensorSpec
    modes: tuple[str, ...]
    default_mode: str
    stages: Mapping[str, int]  # design -> number of stages
    files: Mapping[str, str]  # path inside the bundle -> SHA-256, for all but the manifest and engines/
    provenance: Mapping[str, Any] = field(default_factory=dict)  # tool version, data fingerprint, seed, created
    format_version: str = FORMAT_VERSION
    bundle_id: str = ""

    def content(self) -> dict[str, Any]:
        """Everything but the id."""
        return {
            "format_version": self.format_version,
            "board": self.board,
            "device": self.device,
            "classes": list(self.classes),
            "input": self.input.to_json(),
            "modes": list(self.modes),
            "default_mode": self.default_mode,
            "stages": dict(self.stages),
            "files": dict(self.files),
            "provenance": dict(self.provenance),
        }

    def identified(self) -> Manifest:
        """The same manifest under its own id."""
        return replace(self, bundle_id=json_sha256(self.content()))

    def to_json(self) -> dict[str, Any]:
        """The manifest as a JSON object, id first."""
        return {"bundle_id": self.bundle_id, **self.content()}


def read_manifest(bundle: Path) -> Manifest:
    """The manifest of a bundle folder, with its version and its own id checked (files are not hashed here).

    Raises:
        BundleError: no manifest, not JSON, a newer major version, a missing key, a path that leaves the bundle, or a
            manifest whose content does not have the id it claims.
    """
    path = bundle / MANIFEST
    try:
        table = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_such_number)
    except FileNotFoundError as error:
        raise BundleError(
            f"{bundle} is not a bundle: it has no {MANIFEST}",
            where=str(bundle),
            to_do="give the bundle folder that `codesign compile` wrote (OUT/bundle)",
        ) from error
    except (OSError, ValueError, RecursionError) as error:  # RecursionError: a file of opening brackets
        raise BundleError(
            f"the manifest cannot be read: {error}", where=str(path), to_do="copy the bundle again"
        ) from error
    if not isinstance(table, dict):
        raise BundleError("the manifest is not a JSON object", where=str(path), to_do="copy the bundle again")
    _check_version(str(table.get("format_version", "")), path)
    claimed = str(table.pop("bundle_id", ""))
    # The raw table is hashed, not what this version understands of it: later minor versions may have added keys.
    if json_sha256(table) != claimed:
        raise BundleError(
            "the manifest was changed after it was written: its content has another id than it claims",
            where=str(path),
            to_do="copy the bundle again from the machine that compiled it",
        )
    try:
        manifest = Manifest(
            board=str(table["board"]),
            device=str(table["device"]),
            classes=tuple(str(name) for name in table["classes"]),
            input=TensorSpec.from_json(table["input"]),
            modes=tuple(str(name) for name in table["modes"]),
            default_mode=str(table["default_mode"]),
            stages={str(k): int(v) for k, v in table["stages"].items()},
            files={str(k): str(v) for k, v in table["files"].items()},
            provenance=dict(table["provenance"]),
            format_version=str(table["format_version"]),
            bundle_id=claimed,
        )
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise BundleError(
            f"the manifest lacks or garbles a key: {error!r}", where=str(path), to_do="compile again"
        ) from error
    for name in manifest.files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BundleError(f"the manifest lists a file outside the bundle: {name!r}", where=str(path))
    return manifest


def _no_such_number(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")  # Python's reader would take it, the hash of the content would not


def _check_version(version: str, path: Path) -> None:
    if not re.fullmatch(r"\d+\.\d+", version):
        raise BundleError(
            f"unreadable format version {version!r}", where=f"{path}: format_version", to_do="compile again"
        )
    if int(version.split(".")[0]) > int(FORMAT_VERSION.split(".")[0]):
        raise BundleError(
            f"the bundle has format version {version}; this runtime reads up to {FORMAT_VERSION.split('.')[0]}.x",
            where=f"{path}: format_version",
            to_do="update edge-codesign on this machine, or compile the bundle with the version installed here",
        )
