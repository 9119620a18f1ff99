"""Which operating points may be set: those that the installed bundle prices, or those of a list that root names."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.contract.bundle_files import COPY_AGAIN, CURRENT, bundle_folder, read_modes, read_promises
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.fingerprint import file_sha256
from runtime.contract.manifest import POLICY, PROMISES, read_manifest
from runtime.contract.operating_point import OperatingPoint
from runtime.engine.trust import check_trust

from .ownership import is_ours_alone
from .protocol import MAX_POINTS, Malformed, point_of

TO_DO = 'give a JSON list such as [{"cpu_hz": 1728000000, "gpu_hz": 1020000000, "emc_hz": 3199000000}]'


@dataclass(frozen=True, slots=True)
class Allowed:
    """The points allowed now."""

    points: tuple[OperatingPoint, ...]
    source: str
    problem: str | None = None  # why there are none


class AllowList(Protocol):
    """Where allowed points come from."""

    def now(self) -> Allowed:
        """The same object until it changes."""
        ...


class BundlePoints:
    """The operating points of the bundle that is current under an install root: its modes' and those for a governor.

    The link alone decides what is current (see `runtime.install.root`), and a bundle never changes in place: it is
    read again only when the link leads elsewhere. Where the root has trusted keys, only a bundle that one of them
    signed allows anything, whoever moved the link.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._link: str | None = ""  # no link reads so: the first look always reads
        self._allowed = Allowed((), "")

    def now(self) -> Allowed:
        """The current bundle's points; none, with the problem, where there is no bundle or it is damaged."""
        try:
            link: str | None = os.fspath((self._root / CURRENT).readlink())
        except OSError:
            link = None
        if link != self._link or self._allowed.problem is not None:  # a damaged bundle may have been mended
            self._link, fresh = link, self._read(link)
            if fresh != self._allowed:
                self._allowed = fresh
        return self._allowed

    def _read(self, link: str | None) -> Allowed:
        if link is None:
            return Allowed((), str(self._root), f"no bundle is installed under {self._root}")
        try:
            folder = bundle_folder(self._root)
            manifest = read_manifest(folder)
            check_trust(self._root, folder, manifest.bundle_id)
            for name in (POLICY, PROMISES):  # no more: hashing the stages would keep the loop from its watchdog
                if file_sha256(folder / name) != manifest.files.get(name):
                    raise BundleError(f"{name} was changed", where=str(folder / name), to_do=COPY_AGAIN)  # noqa: TRY301
            modes = read_modes(folder, manifest)
            promises = read_promises(folder, manifest, modes)
        except (BundleError, ConfigError, OSError) as error:
            return Allowed((), str(self._root), str(error))
        points = {mode.operating_point for mode in modes.values()}
        points |= {costs.operating_point for promise in promises.values() for costs in promise.at_other_clocks}
        if len(points) > MAX_POINTS:
            return Allowed((), str(self._root), f"the bundle has {len(points)} operating points, {MAX_POINTS} at most")
        return Allowed(tuple(sorted(points)), f"bundle {manifest.bundle_id}")


class ListedPoints:
    """The points of a file: a JSON list of objects with cpu_hz, gpu_hz and emc_hz. Read once.

    Raises:
        ConfigError: the file cannot be read, is not such a list, is too long, or others than its owner may write it.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                table = json.load(file)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"the allow-list cannot be read: {error}", where=str(path), to_do=TO_DO) from error
        if not is_ours_alone(status):
            raise ConfigError(
                "the allow-list may be written by others than powerd's user",
                where=str(path),
                to_do=f"sudo chown root {path} && sudo chmod 644 {path}",
            )
        if not isinstance(table, list) or not 0 < len(table) <= MAX_POINTS:
            raise ConfigError(f"the allow-list is not a list of 1 to {MAX_POINTS} points", where=str(path), to_do=TO_DO)
        points = {_listed(entry, f"{path}: [{i}]") for i, entry in enumerate(table)}
        self._allowed = Allowed(tuple(sorted(points)), str(path))

    def now(self) -> Allowed:
        """Always the same."""
        return self._allowed


def _listed(entry: object, where: str) -> OperatingPoint:
    try:
        return point_of(entry)
    except Malformed as error:
        raise ConfigError(f"the allow-list has a wrong point: {error}", where=where, to_do=TO_DO) from error
