"""Bundles for a soak: good ones without end, each under an id of its own, and bad ones of two kinds."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.bundle_files import bundle_folder, read_modes
from runtime.contract.clock_costs import ClockCosts
from runtime.contract.durable import point_link
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.contract.manifest import POLICY, read_manifest, stage_file
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.promise import Promise
from runtime.engine.bundle import full_depth, load_stages
from runtime.engine.golden import read_golden
from runtime.install.activate import install
from runtime.install.root import BUNDLES, bundle_path, read_state, write_history
from tests.rewritten import with_json, with_manifest
from tests.tiny_cascade import SPEC, TRUNK, mode, trunk_stages, write_tiny_bundle

HALF_S, WATTS_PER_HZ, IDLE_W = 0.002, 2.5e-9, 3.0  # of the made bundle's promise: plausible, nobody's board
TOO_QUICK = 1e-3  # a bundle that promises to take this share of the time fails its trial


def made_bundle(folder: Path, points: tuple[OperatingPoint, ...]) -> Path:
    """A bundle of one small network, for boards that offer these points, two modes at the first of them."""

    def costs(point: OperatingPoint) -> ClockCosts:
        slower = points[0].cpu_hz / point.cpu_hz
        takes_s = tuple(HALF_S * slower for _ in range(3))
        draws_w = IDLE_W + WATTS_PER_HZ * point.cpu_hz
        return ClockCosts(point, takes_s, tuple(draws_w * s for s in takes_s), 0.5 * draws_w)

    def promised(name: str, accuracy: float, energy_j: float, *thresholds: float) -> Any:
        figures = {"accuracy": accuracy, "energy_j": energy_j, "latency_s": HALF_S}
        expected = {key: Figure(value, Kind.ASSUMED, "soak") for key, value in figures.items()}
        return replace(mode(name, TRUNK, thresholds, expected=expected), operating_point=points[0])

    own, *others = map(costs, points)
    promise = Promise(
        own.stage_latency_s, own.stage_energy_j, own.idle_w, Kind.ASSUMED, "soak", at_other_clocks=tuple(others)
    )
    modes = [promised("thorough", 0.9, 0.03, -np.inf, -np.inf), promised("frugal", 0.8, 0.01, 1.4, 1.3)]
    spec = replace(SPEC, height=32, width=32)
    write_tiny_bundle(
        folder,
        board="orin-nano-super",
        input_spec=spec,
        modes=modes,
        default_mode="thorough",
        stage_models={TRUNK: trunk_stages(width=16)},
        golden_images=np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8),
        promises={"thorough": promise, "frugal": promise},
    )
    return folder


class Bundles:
    """Variants of one bundle, installed one after the other under a root."""

    def __init__(self, bundle: Path, root: Path, scratch: Path) -> None:
        self._bundle, self._root, self._scratch = bundle_folder(bundle), root, scratch
        self.turn = 0

    def install_good(self) -> str:
        """Install one that nobody has seen yet, through `install` as a user would; its id."""
        folder = self._variant()
        found = install(folder, self._root).manifest.bundle_id
        self._tidy(folder)
        return found

    def install_hasty(self) -> str:
        """One that promises to be far quicker than it is: it fails its trial. Its id."""
        folder = self._variant()

        def hasten(table: dict[str, Any]) -> None:
            for row in table["modes"]:
                row["expected"]["latency_s"]["value"] *= TOO_QUICK

        with_json(folder, POLICY, hasten)
        found = install(folder, self._root).manifest.bundle_id
        self._tidy(folder)
        return found

    def put_damaged(self) -> str:
        """One whose first stage was damaged, made current past `install`, as a bad copy of a disk would; its id."""
        folder = self._variant()
        manifest = read_manifest(folder)
        stage = folder / stage_file(next(iter(manifest.stages)), 0)
        content = bytearray(stage.read_bytes())
        content[len(content) // 2] ^= 0xFF
        stage.write_bytes(content)
        target = bundle_path(self._root, manifest.bundle_id)
        shutil.move(folder, target)
        write_history(self._root, (*read_state(self._root).history, manifest.bundle_id))
        point_link(self._root / "current", os.fspath(Path(BUNDLES) / manifest.bundle_id))
        return manifest.bundle_id

    def current(self) -> str | None:
        """Of the install root."""
        return read_state(self._root).current

    def _variant(self) -> Path:
        self.turn += 1
        folder = self._scratch / f"variant-{self.turn}"
        shutil.copytree(self._bundle, folder)
        with_manifest(folder, lambda table: table["provenance"].update(soak=self.turn))
        return folder

    def _tidy(self, folder: Path) -> None:
        """Remove the copy, and installed bundles that no rollback returns to: a disk has room for some."""
        shutil.rmtree(folder)
        kept = set(read_state(self._root).history[-4:])
        for old in (self._root / BUNDLES).iterdir():
            if old.name not in kept:
                shutil.rmtree(old, ignore_errors=True)


def right_answers(bundle: Path, images: UInt8Array) -> list[FloatArray]:
    """Per image, the logits of every exit of every design, (exits, classes): an answer is one of these rows."""
    folder = bundle_folder(bundle)
    manifest = read_manifest(folder)
    tensor = Preprocessing(manifest.input)(images)
    exits = [
        logits
        for design in sorted({mode.design for mode in read_modes(folder, manifest).values()})
        for logits, _ in full_depth(load_stages(folder, manifest, design)).run_through(tensor)
    ]
    return [np.stack([logits[k] for logits in exits]) for k in range(len(images))]


def images_of(bundle: Path, data: Path | None) -> UInt8Array:
    """Those of an NPZ with `images`, or else the golden ones."""
    folder = bundle_folder(bundle)
    if data is None:
        images, _ = read_golden(folder, read_manifest(folder))
        return images
    with np.load(data, allow_pickle=False) as table:
        images = table["images"]
    return images[:256]


def listed(path: Path) -> tuple[OperatingPoint, ...]:
    """Every point that a bundle prices, for `--points` of a made bundle and for judging clocks."""
    folder = bundle_folder(path)
    table = json.loads((folder / "predictor.json").read_text())["modes"]
    points = {one.operating_point for one in read_modes(folder, read_manifest(folder)).values()}
    for row in table.values():
        points |= {OperatingPoint.from_json(other["operating_point"]) for other in row["at_other_clocks"]}
    return tuple(sorted(points))
