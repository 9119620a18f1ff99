"""A bundle that is ready to answer: every mode loaded, stages shared where modes share a design, and warmed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.bundle_files import bundle_folder, check_files, read_modes, read_promises
from runtime.contract.manifest import Manifest, read_manifest
from runtime.contract.mode import Mode
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.promise import Promise
from runtime.engine.bundle import load_stages
from runtime.engine.cascade import Cascade, Departure, Departures
from runtime.engine.golden import read_golden, replay_golden
from runtime.engine.provider import CPU, ON_CPU, Provider
from runtime.engine.trust import check_trust

from .caution import USUAL, Caution, lowered
from .infer_request import RequestReader
from .limits import Limits
from .tensors import Tensor

WARM_UP = 3  # the first inferences also allocate


@dataclass(frozen=True, slots=True)
class ServedMode:
    """One mode with its stages. Several threads may run it at once."""

    mode: Mode
    promise: Promise
    cascade: Cascade
    preprocessing: Preprocessing
    promised_j: tuple[float, ...]  # per exit: back-to-back energy of one image that leaves there
    caution: Caution = field(default_factory=Caution, compare=False)  # the one part that changes while it is served

    def run(self, images: Tensor, on_leave: Callable[[IntArray, Departures], None] | None = None) -> Departures:
        """Answer (batch, ...) images, bytes or normalised. Raises EngineError as `Cascade.run_batch`."""
        return (self.caution.cascade or self.cascade).run_batch(self._tensor(images), on_leave)

    def run_one(self, image: Tensor) -> Departure:
        """The same for a batch of one, with less to do around the stages."""
        return (self.caution.cascade or self.cascade).run(self._tensor(image))

    def be_cautious(self, level: int) -> None:
        """Answer from now on by the thresholds of that level (`caution.lowered`)."""
        policy = self.mode.policy
        careful = None if level == USUAL else Cascade(self.cascade.stages, lowered(policy, level), usual=policy)
        self.caution.level, self.caution.cascade = level, careful

    def _tensor(self, images: Tensor) -> FloatArray:
        return self.preprocessing(images) if images.dtype == np.uint8 else images


@dataclass(frozen=True, slots=True)
class ServedBundle:
    """Its modes by name, and how requests to it are read."""

    folder: Path
    manifest: Manifest
    modes: Mapping[str, ServedMode]
    read: RequestReader
    class_names: tuple[bytes, ...]

    @property
    def bundle_id(self) -> str:
        """Content id: the version of the model that clients see."""
        return self.manifest.bundle_id

    @property
    def providers(self) -> tuple[str, ...]:
        """What its stages run on: cpu, cuda, tensorrt."""
        found = (stage.provider for served in self.modes.values() for stage in served.cascade.stages)
        return tuple(dict.fromkeys(found))


def load(
    path: Path, limits: Limits, *, threads: int = 1, replay: bool = False, provider: Provider = ON_CPU
) -> ServedBundle:
    """Load a bundle folder, or what is current under an install root, after checking every file's hash.

    Args:
        threads: within one operator of a stage.
        replay: whether to replay the golden samples: an install has done so on this machine, a copied folder may not.
        provider: what the stages run on; the golden samples are replayed on whatever is not the CPU, as no install has.
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
    formats = {mode.design: mode.precision for mode in modes.values()}
    stages = {
        design: load_stages(folder, manifest, design, threads=threads, provider=replace(provider, precision=precision))
        for design, precision in sorted(formats.items())
    }
    preprocessing = Preprocessing(manifest.input)
    served = {
        name: ServedMode(
            mode,
            promises[name],
            Cascade(stages[mode.design], mode.policy),
            preprocessing,
            tuple(accumulate(promises[name].stage_energy_j)),
        )
        for name, mode in modes.items()
    }
    _warm_up(folder, manifest, served)
    reader = RequestReader(manifest.input, len(manifest.classes), limits)
    return ServedBundle(folder, manifest, served, reader, tuple(name.encode() for name in manifest.classes))


def _warm_up(folder: Path, manifest: Manifest, served: Mapping[str, ServedMode]) -> None:
    """Every stage of every design, with one image."""
    images, _ = read_golden(folder, manifest)
    for each in {one.mode.design: one for one in served.values()}.values():
        tensor = each.preprocessing(images[:1])
        for _ in range(WARM_UP):
            each.cascade.run_through(tensor)
