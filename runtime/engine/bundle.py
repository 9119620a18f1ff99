"""Opens a bundle in one of its modes and answers images with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from runtime.contract.arrays import UInt8Array
from runtime.contract.bundle_files import bundle_folder, check_files, read_modes, read_promises, read_stage
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.manifest import Manifest, read_manifest, stage_file
from runtime.contract.mode import Mode
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.promise import Promise

from .answer import Answer
from .any_stage import AnyStage
from .cascade import Cascade
from .open_stages import open_stages
from .provider import ON_CPU, Provider
from .trust import check_trust


class Engine:
    """A bundle in one mode. It keeps nothing between calls, so several threads may share it."""

    __slots__ = ("_cascade", "_clock", "_preprocessing", "classes", "manifest", "mode", "modes", "promise")

    def __init__(
        self,
        *,
        cascade: Cascade,
        manifest: Manifest,
        mode: Mode,
        promise: Promise,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._cascade, self._preprocessing, self._clock = cascade, Preprocessing(manifest.input), clock
        self.manifest, self.mode, self.promise = manifest, mode, promise
        self.classes, self.modes = manifest.classes, manifest.modes

    @property
    def providers(self) -> tuple[str, ...]:
        """What each stage runs on: cpu, cuda, tensorrt or tensorrt-native."""
        return tuple(stage.provider for stage in self._cascade.stages)

    def infer(self, image: UInt8Array) -> Answer:
        """Answer one image.

        Args:
            image: (height, width, 3) uint8 RGB, of the bundle's input size.
        Raises:
            ShapeError: another shape or dtype; nothing is resized or cast silently.
            EngineError: a stage fails, or answers with what is not a number.
        """
        start_s = self._clock()
        if not isinstance(image, np.ndarray) or image.ndim != 3:
            raise _not_one_image(image, self.manifest)
        logits, exit_index, entropy_nats, *_ = self._cascade.run(self._preprocessing(image[None]))
        class_index = int(logits.argmax())
        latency_s = self._clock() - start_s
        return Answer(self.classes[class_index], class_index, logits[0], exit_index, entropy_nats, latency_s)

    def infer_batch(self, images: UInt8Array) -> list[Answer]:
        """Answer many images at once: sure ones leave the batch early, the rest go on.

        An answer's latency_s counts from the arrival of the batch until the stage at which *it* left had run, so later
        exits include the time spent on the images that left before them.

        Args:
            images: (batch, height, width, 3) uint8 RGB; an empty batch has no answers.
        Raises:
            ShapeError: another shape or dtype.
            EngineError: a stage fails, or one image's answer is not a number.
        """
        start_s = self._clock()
        tensor = self._preprocessing(images)
        if not len(tensor):
            return []
        preprocessing_s = self._clock() - start_s
        departures = self._cascade.run_batch(tensor)
        return [
            Answer(self.classes[index], index, row, exit_index, entropy_nats, preprocessing_s + left_after_s)
            for index, row, exit_index, entropy_nats, left_after_s in zip(
                departures.logits.argmax(axis=1).tolist(),
                departures.logits,
                departures.exit_index.tolist(),
                departures.entropy_nats.tolist(),
                departures.left_after_s.tolist(),
                strict=True,
            )
        ]


def open_bundle(path: str | Path, mode: str | None = None, *, threads: int = 1, provider: Provider = ON_CPU) -> Engine:
    """Open a bundle folder, or what is current under an install root, after checking every file's hash.

    Args:
        path: a folder with `manifest.json`, or the root given to `edge-runtime install`.
        mode: one of the bundle's modes; its default mode if not given.
        threads: within one operator of a stage.
        provider: what the stages run on.
    Raises:
        BundleError: missing, damaged, incomplete, of a newer major version, or not signed as the root demands.
        ConfigError: no such mode or provider, fewer than one thread, or trusted keys that cannot be read.
        EngineError: a stage cannot be loaded or run as asked, or its inputs do not fit the stage before.
    """
    folder = bundle_folder(Path(path))
    manifest = read_manifest(folder)
    check_trust(Path(path), folder, manifest.bundle_id)
    check_files(folder, manifest)
    modes = read_modes(folder, manifest)
    promises = read_promises(folder, manifest, modes)
    name = manifest.default_mode if mode is None else mode
    if name not in modes:
        raise ConfigError(
            f"the bundle has no mode {name!r}", where=str(folder), to_do=f"use one of {', '.join(manifest.modes)}"
        )
    provider = replace(provider, precision=modes[name].precision)
    stages = load_stages(folder, manifest, modes[name].design, threads=threads, provider=provider)
    return Engine(
        cascade=Cascade(stages, modes[name].policy), manifest=manifest, mode=modes[name], promise=promises[name]
    )


def load_stages(
    bundle: Path, manifest: Manifest, design: str, *, threads: int = 1, provider: Provider = ON_CPU
) -> list[AnyStage]:
    """The stages of one design; the bytes that run are the bytes that were hashed.

    Raises:
        BundleError: a stage file is missing or changed.
        EngineError: a stage cannot be loaded, or not run as asked.
        ConfigError: a provider that this ONNX Runtime was built without.
    """
    models = [
        (read_stage(bundle, manifest, design, k), str(bundle / stage_file(design, k)))
        for k in range(manifest.stages[design])
    ]
    return open_stages(models, threads=threads, provider=provider)


def full_depth(stages: Sequence[AnyStage]) -> Cascade:
    """A cascade for looking at every exit: nothing leaves early."""
    return Cascade(stages, ExitPolicy((-np.inf,) * (len(stages) - 1)))


def _not_one_image(image: object, manifest: Manifest) -> ShapeError:
    found = f"shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    return ShapeError(
        f"one image must be a numpy array ({manifest.input.height}, {manifest.input.width}, 3), got {found}",
        to_do="give one image without a batch axis, or use infer_batch",
    )
