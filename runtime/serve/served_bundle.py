"""A bundle that is ready to answer: its modes loaded, all or within a budget, stages shared, and warmed up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from runtime.contract.bundle_files import bundle_folder, check_files, read_modes, read_promises
from runtime.contract.manifest import Manifest, read_manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.any_stage import AnyStage, fall_backs
from runtime.engine.golden import replay_golden
from runtime.engine.provider import CPU, ON_CPU, Provider
from runtime.engine.trust import check_trust

from .design_loader import DesignLoader, Opening
from .infer_request import RequestReader
from .limits import Limits
from .mode_keeper import ModeKeeper
from .served_mode import ServedMode
from .shelf import Shelf


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of it may be loaded at once."""

    bytes: int
    in_use: str | None  # the mode to begin with; None, or one that the bundle lacks: its default mode
    report: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ServedBundle:
    """Its modes by name, and how requests to it are read."""

    folder: Path
    manifest: Manifest
    modes: Mapping[str, ServedMode]
    read: RequestReader
    class_names: tuple[bytes, ...]
    keeper: ModeKeeper | None = None  # of its modes within a budget; None: all are loaded

    @property
    def bundle_id(self) -> str:
        """Content id: the version of the model that clients see."""
        return self.manifest.bundle_id

    @property
    def providers(self) -> tuple[str, ...]:
        """What its stages run on: cpu, cuda, tensorrt, tensorrt-native."""
        return tuple(dict.fromkeys(stage.provider for stage in self._stages()))

    @property
    def fall_backs(self) -> tuple[str, ...]:
        """Which stages do not run on the best that was asked for, and why."""
        return fall_backs(self._stages())

    def _stages(self) -> Iterator[AnyStage]:
        for served in self.modes.values():
            if served.cascade is not None:
                yield from served.cascade.stages


def load(
    path: Path,
    limits: Limits,
    *,
    threads: int = 1,
    replay: bool = False,
    provider: Provider = ON_CPU,
    budget: Budget | None = None,
) -> ServedBundle:
    """Load a bundle folder, or what is current under an install root, after checking every file's hash.

    Args:
        threads: within one operator of a stage.
        replay: whether to replay the golden samples: an install has done so on this machine, a copied folder may not.
        provider: what the stages run on; the golden samples are replayed on whatever is not the CPU, as no install has.
        budget: of memory, within which modes are kept loaded; None: all of them are.
    Raises:
        BundleError: missing, damaged, incomplete, of a newer version, not signed as the root demands, or its golden
            samples come out differently.
        ConfigError: trusted keys that cannot be read.
        EngineError: a stage cannot be loaded.
    """
    folder = bundle_folder(path)
    manifest = read_manifest(folder)
    check_trust(path, folder, manifest.bundle_id)
    check_files(folder, manifest)
    modes = read_modes(folder, manifest)
    promises = read_promises(folder, manifest, modes)
    if replay or provider.name != CPU:
        replay_golden(folder, manifest, provider)
    preprocessing = Preprocessing(manifest.input)
    served = {
        name: ServedMode(mode, promises[name], None, preprocessing, tuple(accumulate(promises[name].stage_energy_j)))
        for name, mode in modes.items()
    }
    loader = DesignLoader(folder, manifest, served, Opening(threads, provider))
    keeper = None
    if budget is None:
        for design in dict.fromkeys(mode.design for mode in modes.values()):
            loader.load(design)
    else:
        keeper = ModeKeeper(
            {name: mode.design for name, mode in modes.items()},
            Shelf(loader.sizes(), budget.bytes),
            load=loader.load,
            drop=loader.drop,
            report=budget.report,
        )
        keeper.start(budget.in_use if budget.in_use in modes else manifest.default_mode)
    reader = RequestReader(manifest.input, len(manifest.classes), limits)
    names = tuple(name.encode() for name in manifest.classes)
    return ServedBundle(folder, manifest, served, reader, names, keeper)
