"""What is installed has its engines, and keeps them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.errors import BundleError
from runtime.contract.manifest import read_manifest
from runtime.engine.engine_builder import Builder
from runtime.engine.engine_key import BuildSite, engine_key
from runtime.engine.engine_store import kept_engines, onnx_runtimes_folder, put_engine
from runtime.engine.native_tensorrt import native_tensorrt
from runtime.install.activate import install
from runtime.install.engines import engine_folder, needed_engines, ready_engines, stage_models
from tests.closed_stages import write_closed_bundle
from tests.trt_double import HERE, V8, TensorRtDouble, builds_here, use

BOARD = BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248")
BUILDER = Builder(program=HERE)
NONE = Builder(program=("/bin/false",))


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    builds_here(monkeypatch)


@pytest.fixture(scope="module")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed") / "bundle"
    write_closed_bundle(folder)
    return folder


@pytest.fixture
def bundle(_written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_written, tmp_path / "bundle"))


def test_every_stage_is_named_with_its_precision(bundle: Path) -> None:
    found = list(stage_models(bundle, read_manifest(bundle)))
    assert sorted(Path(stage.where).relative_to(bundle).as_posix() for stage in found) == [
        "designs/lone/stages/0.onnx",
        "designs/pair/stages/0.onnx",
        "designs/pair/stages/1.onnx",
    ]
    assert {stage.precision for stage in found} == {"fp32"}


def test_a_bundle_finds_its_engines_again(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    engines = tmp_path / "engines"
    first = ready_engines(bundle, engines, native_tensorrt(), BOARD, BUILDER)
    assert (first.stages, first.kept, first.built, first.failed) == (3, 0, 3, ())
    second = ready_engines(bundle, engines, native_tensorrt(), BOARD, NONE)
    assert (second.kept, second.built, second.failed) == (3, 0, ())
    again = ready_engines(bundle, engines, native_tensorrt(), BOARD, NONE, again=True)
    assert len(again.failed) == 3
    assert "its builder ended with status 1" in again.failed[0]
    elsewhere = ready_engines(bundle, engines, native_tensorrt(), replace(BOARD, power_gating="240"), NONE)
    assert len(elsewhere.failed) == 3


def test_a_damaged_bundle_gets_none(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    stage = next(bundle.rglob("0.onnx"))
    stage.write_bytes(stage.read_bytes() + b"x")
    with pytest.raises(BundleError, match="was changed"):
        ready_engines(bundle, tmp_path / "engines", native_tensorrt(), BOARD, BUILDER)


def test_an_engine_is_needed_while_its_bundle_is_installed_and_its_board_is_this(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, TensorRtDouble())
    native, root = native_tensorrt(), tmp_path / "root"
    stage = next(stage_models(bundle, read_manifest(bundle)))
    here = engine_key(stage.content, "fp32", native.site(BOARD), builder="any")
    by_onnx_runtime = engine_key(stage.content, "fp32", BOARD, builder="ONNX Runtime")
    older = replace(here, site=replace(here.site, tensorrt="8.6.2"))
    foreign = engine_key(b"another graph", "fp32", native.site(BOARD), builder="any")
    for key in (here, older, foreign):
        put_engine(engine_folder(root), key, b"plan", "built here")
    onnx_runtimes_folder(engine_folder(root), by_onnx_runtime)
    assert needed_engines(root, BOARD, native) == frozenset()
    install(bundle, root)
    assert needed_engines(root, BOARD, native) == {here.name, by_onnx_runtime.name}
    assert needed_engines(root, BOARD, None) == {here.name, by_onnx_runtime.name, older.name}
    assert needed_engines(root, replace(BOARD, power_gating="240"), native) == frozenset()
    assert len(kept_engines(engine_folder(root))) == 4


def test_a_damaged_bundle_needs_nothing_and_a_broken_card_is_nobodys(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, TensorRtDouble(V8))
    root = tmp_path / "root"
    done = install(bundle, root)
    (done.path / "manifest.json").write_text("{")
    (engine_folder(root) / "strange").mkdir(parents=True)
    (engine_folder(root) / "strange" / "engine.json").write_text("[]")
    assert needed_engines(root, BOARD, native_tensorrt()) == frozenset()
