"""Designs are loaded and dropped while their bundle is served."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.bundle_files import read_modes, read_promises
from runtime.contract.errors import BundleError, EngineError
from runtime.contract.manifest import read_manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.provider import ON_CPU
from runtime.serve.caution import HALVED
from runtime.serve.design_loader import DesignLoader, Opening
from runtime.serve.served_mode import ServedMode
from tests.tiny_cascade import CHAIN, LONE, TRUNK, random_images


@pytest.fixture
def modes(bundle: Path) -> dict[str, ServedMode]:
    """All at rest."""
    manifest = read_manifest(bundle)
    found = read_modes(bundle, manifest)
    promises = read_promises(bundle, manifest, found)
    preprocessing = Preprocessing(manifest.input)
    return {
        name: ServedMode(mode, promises[name], None, preprocessing, tuple(accumulate(promises[name].stage_energy_j)))
        for name, mode in found.items()
    }


@pytest.fixture
def loader(bundle: Path, modes: dict[str, ServedMode]) -> DesignLoader:
    return DesignLoader(bundle, read_manifest(bundle), modes, Opening(1, ON_CPU))


def stages(modes: dict[str, ServedMode], name: str) -> tuple[object, ...]:
    cascade = modes[name].cascade
    return () if cascade is None else cascade.stages


def test_a_design_makes_its_modes_ready_and_no_others(loader: DesignLoader, modes: dict[str, ServedMode]) -> None:
    loader.load(CHAIN)
    assert modes["balanced"].run_one(random_images(1)).logits.shape == (1, 5)
    assert stages(modes, "balanced") == stages(modes, "thorough")
    assert (stages(modes, "trunk-only"), stages(modes, "one-shot")) == ((), ())


def test_stages_that_designs_share_are_loaded_once(loader: DesignLoader, modes: dict[str, ServedMode]) -> None:
    for design in (TRUNK, LONE, CHAIN):
        loader.load(design)
    assert stages(modes, "balanced") == (*stages(modes, "trunk-only"), *stages(modes, "one-shot"))


def test_what_was_dropped_is_at_rest_and_what_runs_with_it_ends(
    loader: DesignLoader, modes: dict[str, ServedMode]
) -> None:
    loader.load(CHAIN)
    running, images = modes["balanced"], random_images(2)
    wanted = running.run(images).logits
    loader.drop(CHAIN)
    assert modes["balanced"].cascade is None
    np.testing.assert_array_equal(running.run(images).logits, wanted)
    loader.load(CHAIN)
    np.testing.assert_array_equal(modes["balanced"].run(images).logits, wanted)


def test_a_mode_comes_back_as_cautious_as_it_went(loader: DesignLoader, modes: dict[str, ServedMode]) -> None:
    loader.load(CHAIN)
    modes["balanced"].be_cautious(HALVED)
    loader.drop(CHAIN)
    assert modes["balanced"].caution.cascade is None
    loader.load(CHAIN)
    again = modes["balanced"].caution
    assert again.level == HALVED
    assert again.cascade is not None
    assert again.cascade.stages == stages(modes, "balanced")


def test_sizes_name_stages_by_content(loader: DesignLoader) -> None:
    sizes = loader.sizes()
    assert sizes[TRUNK].items() <= sizes[CHAIN].items()
    assert {**sizes[TRUNK], **sizes[LONE]} == sizes[CHAIN]


def test_a_stage_that_was_changed_since_is_not_loaded(loader: DesignLoader, bundle: Path) -> None:
    stage = bundle / "designs" / LONE / "stages" / "0.onnx"
    stage.write_bytes(stage.read_bytes() + b"x")
    with pytest.raises(BundleError, match="was changed"):
        loader.load(LONE)


def test_where_one_mode_cannot_be_warmed_up_none_is_served(
    loader: DesignLoader, modes: dict[str, ServedMode], monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[str] = []

    def warm_up(served: ServedMode, *_: object) -> None:
        warmed.append(served.mode.name)
        if len(warmed) == 2:
            raise EngineError("no memory")

    monkeypatch.setattr(ServedMode, "warm_up", warm_up)
    with pytest.raises(EngineError, match="no memory"):
        loader.load(CHAIN)
    assert len(warmed) == 2
    assert all(served.cascade is None for served in modes.values())
