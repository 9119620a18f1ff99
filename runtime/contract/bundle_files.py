"""The files of a bundle: each is there and unchanged, and together they are consistent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .clock_costs import ClockCosts
from .errors import BundleError
from .fingerprint import file_sha256
from .manifest import FORMAT_VERSION, GOLDEN, MANIFEST, POLICY, PROMISES, Manifest, stage_file
from .mode import Mode
from .promise import Promise

CURRENT = "current"  # in an install root: a symbolic link to the bundle that is served
ENGINES = "engines"  # built on boards and brought back: outside the content id, see ARCHITECTURE
SIGNATURE = "signature.json"  # outside the content id, too: it is over that id
TRUSTED_KEYS = "trusted_keys"  # in an install root: where this folder is, only bundles signed by a key in it are served
COPY_AGAIN = "copy the bundle again from the machine that compiled it"
COMPILE_AGAIN = "compile the bundle again"


def bundle_folder(path: Path) -> Path:
    """The bundle at `path`: itself, or what is current where `path` is an install root.

    The link is followed once, so that one reader sees one bundle even if another becomes current meanwhile.
    Raises BundleError where the link leads nowhere.
    """
    link = path / CURRENT
    if (path / MANIFEST).exists() or not link.is_symlink():
        return path  # read_manifest says what is wrong, if anything
    folder = link.resolve()
    if not folder.is_dir():
        raise BundleError(
            f"the current bundle is gone: {link} points to {folder}",
            where=str(path),
            to_do="edge-runtime rollback, or install a bundle again",
        )
    return folder


def check_files(bundle: Path, manifest: Manifest) -> None:
    """Compare what lies in the folder with what the manifest lists.

    Raises:
        BundleError: a file that the format needs is not listed; a listed file is missing, changed, unreadable or not a
            plain file; a file lies there that is not listed (engines/ and signature.json apart).
    """
    needed = [POLICY, PROMISES, GOLDEN]
    needed += [stage_file(design, k) for design, count in manifest.stages.items() for k in range(count)]
    for name in needed:
        if name not in manifest.files:
            raise BundleError(f"the manifest does not list {name}", where=str(bundle / MANIFEST), to_do=COMPILE_AGAIN)
    for name, digest in manifest.files.items():
        path = bundle / name
        if path.is_symlink() or not path.is_file():
            found = "is not a plain file" if path.is_symlink() or path.exists() else "is missing"
            raise BundleError(f"{name} {found}", where=str(path), to_do=COPY_AGAIN)
        try:
            found_digest = file_sha256(path)
        except OSError as error:
            raise BundleError(f"{name} cannot be read: {error}", where=str(path), to_do=COPY_AGAIN) from error
        if found_digest != digest:
            raise _changed(name, path)
    for path in sorted(bundle.rglob("*")):
        name = path.relative_to(bundle).as_posix()
        beside = name in (MANIFEST, SIGNATURE) or name.startswith(f"{ENGINES}/")
        if not path.is_dir() and not beside and name not in manifest.files:
            raise BundleError(
                f"{name} is in the bundle but not in its manifest",
                where=str(path),
                to_do="remove the file, or " + COPY_AGAIN,
            )


def read_stage(bundle: Path, manifest: Manifest, design: str, stage: int) -> bytes:
    """One stage's ONNX bytes, hashed as read. Raises BundleError where they are not those the manifest lists."""
    name = stage_file(design, stage)
    try:
        content = (bundle / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{name} cannot be read: {error}", where=str(bundle / name), to_do=COPY_AGAIN) from error
    if hashlib.sha256(content).hexdigest() != manifest.files.get(name):
        raise _changed(name, bundle / name)
    return content


def read_modes(bundle: Path, manifest: Manifest) -> dict[str, Mode]:
    """The modes of `policy.json` by name, in the manifest's order.

    Raises:
        BundleError: unreadable; other modes than the manifest names; a mode whose design is not there, or that has
            not one threshold per early exit; no default mode.
    """
    path = bundle / POLICY
    table = _read_table(path)
    version = str(table.get("format_version", ""))
    if version.split(".")[0] != FORMAT_VERSION.split(".")[0]:
        raise BundleError(
            f"{POLICY} has format version {version!r}; this runtime reads {FORMAT_VERSION.split('.')[0]}.x",
            where=str(path),
            to_do="update edge-codesign on this machine, or compile the bundle with the version installed here",
        )
    rows = table.get("modes")
    if not isinstance(rows, list):
        raise BundleError(f"{POLICY} has no list of modes", where=str(path), to_do=COMPILE_AGAIN)
    modes = [Mode.from_json(row, where=f"{path}: modes[{i}]") for i, row in enumerate(rows)]
    if sorted(mode.name for mode in modes) != sorted(manifest.modes):
        raise BundleError(
            f"{POLICY} has the modes {[mode.name for mode in modes]}, the manifest {list(manifest.modes)}",
            where=str(path),
            to_do=COMPILE_AGAIN,
        )
    for mode in modes:
        check_mode(mode, manifest.stages, where=str(path))
    if manifest.default_mode not in manifest.modes:
        raise BundleError(
            f"the default mode {manifest.default_mode!r} is none of {list(manifest.modes)}",
            where=str(bundle / MANIFEST),
            to_do=COMPILE_AGAIN,
        )
    by_name = {mode.name: mode for mode in modes}
    return {name: by_name[name] for name in manifest.modes}


def check_mode(mode: Mode, stages: Mapping[str, int], where: str) -> None:
    """Raises BundleError where a mode's design is not among `stages`, or its thresholds or shares do not fit it."""
    if mode.design not in stages:
        raise BundleError(
            f"mode {mode.name!r} uses the design {mode.design!r}, which is not in the bundle: {sorted(stages)}",
            where=where,
            to_do=COMPILE_AGAIN,
        )
    count = stages[mode.design]
    if mode.policy.stages != count:
        raise BundleError(
            f"mode {mode.name!r} has {len(mode.policy.thresholds_nats)} thresholds for {count} stages;"
            f" it needs {count - 1}",
            where=where,
            to_do=COMPILE_AGAIN,
        )
    if mode.exit_shares and len(mode.exit_shares) != count:
        raise BundleError(
            f"mode {mode.name!r} has {len(mode.exit_shares)} exit shares for {count} stages",
            where=where,
            to_do=COMPILE_AGAIN,
        )


def read_promises(bundle: Path, manifest: Manifest, modes: Mapping[str, Mode]) -> dict[str, Promise]:
    """The promises of `predictor.json`, one per mode.

    Raises:
        BundleError: unreadable, for other modes than those of the policy, or for another number of stages.
    """
    path = bundle / PROMISES
    rows = _read_table(path).get("modes")
    if not isinstance(rows, dict) or set(rows) != set(modes):
        found = sorted(rows) if isinstance(rows, dict) else rows
        raise BundleError(
            f"{PROMISES} promises for the modes {found}, {POLICY} has {sorted(modes)}",
            where=str(path),
            to_do=COMPILE_AGAIN,
        )
    promises = {name: Promise.from_json(rows[name], where=f"{path}: modes.{name}") for name in modes}
    for name, promise in promises.items():
        check_promise(name, promise, manifest.stages[modes[name].design], where=str(path))
    return promises


def check_promise(name: str, promise: Promise, stages: int, where: str) -> None:
    """Raises BundleError where a promise does not speak of exactly `stages` stages."""
    priced: tuple[Promise | ClockCosts, ...] = (promise, *promise.at_other_clocks)
    for costs in priced:
        lengths = (len(costs.stage_latency_s), len(costs.stage_energy_j))
        if lengths == (stages, stages):
            continue
        raise BundleError(
            f"the promise of mode {name!r} has {lengths[0]} latencies and {lengths[1]} energies for {stages} stages",
            where=where,
            to_do=COMPILE_AGAIN,
        )


def _changed(name: str, path: Path) -> BundleError:
    return BundleError(f"{name} was changed after the bundle was written", where=str(path), to_do=COPY_AGAIN)


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # RecursionError: a file of opening brackets
        raise BundleError(f"{path.name} cannot be read: {error}", where=str(path), to_do=COPY_AGAIN) from error
    if not isinstance(table, dict):
        raise BundleError(f"{path.name} is not a JSON object", where=str(path), to_do=COMPILE_AGAIN)
    return table
