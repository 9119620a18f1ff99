"""The engines of what is installed: ready before a bundle becomes current, and not pruned while it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import read_modes, read_stage
from runtime.contract.errors import BundleError, EngineError
from runtime.contract.manifest import Manifest, read_manifest, stage_file
from runtime.contract.precision import FP32
from runtime.engine.engine_builder import Builder
from runtime.engine.engine_key import BuildSite
from runtime.engine.engine_store import Engine, get_engine, kept_engines
from runtime.engine.native_tensorrt import NativeTensorRt
from runtime.engine.open_stages import engine_of, key_of
from runtime.engine.provider import NATIVE, Provider
from runtime.engine.shipped_engines import Shipped, take_over
from runtime.engine.trust import demand_of

from .root import BUNDLES

ENGINE_CACHE = "engine_cache"  # under the install root


@dataclass(frozen=True, slots=True)
class StageModel:
    """One stage of a bundle."""

    where: str
    content: bytes
    precision: str


@dataclass(frozen=True, slots=True)
class Readied:
    """What was done so that a bundle finds its engines."""

    stages: int  # that are different from each other
    kept: int  # had one already
    built: int
    failed: tuple[str, ...]  # stages without one, and why
    shipped: Shipped | None = None


def engine_folder(root: Path) -> Path:
    """Where a root's engines are kept."""
    return root / ENGINE_CACHE


def ready_engines(
    bundle: Path,
    engines: Path,
    native: NativeTensorRt,
    board: BuildSite,
    builder: Builder,
    *,
    brought: Path | None = None,
    root: Path | None = None,
    again: bool = False,
) -> Readied:
    """Give every stage of a bundle an engine under `engines`: brought and vouched for, kept, or built, one at a time.

    Args:
        brought: the bundle as it came, with engines of its own.
        root: the install root whose trusted keys say which of those are taken over; None: none are.
        again: build even where one is kept.
    Raises:
        BundleError: the bundle is damaged.
        ConfigError: trusted keys that cannot be read.
        OSError: an engine cannot be copied.
    """
    manifest, site = read_manifest(bundle), native.site(board)
    stages = {(stage.content, stage.precision): stage for stage in stage_models(bundle, manifest)}
    shipped = None
    if brought is not None and root is not None and not again:
        shipped = take_over(brought, engines, site, set(manifest.files.values()), demand_of(root))
    kept, built = 0, 0
    failed: list[str] = []
    for stage in stages.values():
        if not again and get_engine(engines, key_of(stage.content, stage.precision, site)) is not None:
            kept += 1
            continue
        builder.report(f"{kept + built + len(failed)}/{len(stages)} stages have been seen to")
        provider = Provider(NATIVE, stage.precision, engines, board, builder)
        try:
            engine_of(stage.content, provider, native, where=stage.where, again=again)
        except EngineError as error:
            failed.append(f"{stage.where}: {error.what}")
        else:
            built += 1
    return Readied(len(stages), kept, built, tuple(failed), shipped)


def stage_models(bundle: Path, manifest: Manifest) -> Iterator[StageModel]:
    """Every stage of every design, as its modes want it. Raises BundleError where one is missing or changed."""
    formats = {mode.design: mode.precision for mode in read_modes(bundle, manifest).values()}
    for design, count in manifest.stages.items():
        for index in range(count):
            where = str(bundle / stage_file(design, index))
            yield StageModel(where, read_stage(bundle, manifest, design, index), formats.get(design, FP32))


def needed_engines(root: Path, board: BuildSite, native: NativeTensorRt | None) -> frozenset[str]:
    """Names of the kept engines that an installed bundle uses on this board as it is now.

    Args:
        native: TensorRT, where it can be used; else no version of it makes an engine useless.
    """
    installed = {digest for manifest in _installed(root) for digest in manifest.files.values()}
    sites = {board} if native is None else {board, native.site(board)}
    return frozenset(
        engine.name
        for engine in kept_engines(engine_folder(root))
        if engine.card is not None and _is_needed(engine, installed, sites, any_version=native is None)
    )


def _is_needed(engine: Engine, installed: set[str], sites: set[BuildSite], *, any_version: bool) -> bool:
    key = (engine.card or {}).get("key")
    if not isinstance(key, dict) or key.get("onnx_sha256") not in installed:
        return False
    fields = ("l4t", "soc", "power_gating") if any_version else ("tensorrt", "l4t", "soc", "power_gating", "gpu")
    found = key.get("site")
    return isinstance(found, dict) and any(
        all(found.get(name) == getattr(site, name) for name in fields) for site in sites
    )


def _installed(root: Path) -> Iterator[Manifest]:
    folder = root / BUNDLES
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            manifest = read_manifest(path)
        except BundleError:  # it cannot be served as it is, and install replaces it whole
            continue
        yield manifest
