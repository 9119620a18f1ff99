"""What was asked for runs the stages, or it is said for each why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.any_stage import fall_backs
from runtime.engine.cascade import Cascade
from runtime.engine.engine_builder import Builder
from runtime.engine.engine_key import BuildSite
from runtime.engine.engine_store import kept_engines
from runtime.engine.open_stages import open_stages
from runtime.engine.provider import AUTO, CPU, CUDA, NATIVE, Provider
from tests import ort_double
from tests.closed_stages import closed
from tests.ort_double import OrtDouble
from tests.ort_double import use as use_onnx_runtime
from tests.tiny_cascade import trunk_stages
from tests.trt_double import HERE, TensorRtDouble, builds_here, use

SHAPE = (3, 12, 16)
CLOSED = closed(trunk_stages(), SHAPE)
MODELS = [(model, f"stage {k}") for k, model in enumerate(CLOSED)]
SITE = BuildSite(None, "36.5.0", "nvidia,tegra234", "248")
IMAGES = np.random.default_rng(0).normal(size=(4, *SHAPE)).astype(np.float32)
THROUGH = ExitPolicy((-np.inf, -np.inf))


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    builds_here(monkeypatch)


def native(tmp_path: Path, name: str = NATIVE, builder: Builder | None = None) -> Provider:
    return Provider(name, engines=tmp_path, site=SITE, builder=builder or Builder(program=HERE))


def test_engines_are_built_once_and_the_building_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    told: list[str] = []
    builder = Builder(program=HERE, report=told.append)
    open_stages(MODELS[:1], provider=native(tmp_path, builder=builder))
    assert told == ["stage 0: its engine for TensorRT 10.3.0 is being built, which may take long"]
    dead = Builder(program=("/bin/false",), report=told.append)
    assert [stage.provider for stage in open_stages(MODELS[:1], provider=native(tmp_path, builder=dead))] == [NATIVE]
    assert len(told) == 1


def test_a_folder_that_cannot_be_written_is_said_and_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, TensorRtDouble())
    (tmp_path / "file").write_text("")
    told: list[str] = []
    builder = Builder(program=HERE, report=told.append)
    (stage,) = open_stages(MODELS[:1], provider=native(tmp_path / "file" / "engines", builder=builder))
    assert stage.provider == NATIVE
    assert "its engine cannot be kept under" in told[-1]


def test_asked_for_by_name_it_is_used_or_it_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    with pytest.raises(EngineError, match="no engine for a stage: its builder ended with status 1"):
        open_stages(MODELS, provider=native(tmp_path, builder=Builder(program=("/bin/false",))))


def test_asked_for_by_name_without_a_gpu_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="CUDA"):
        open_stages(MODELS, provider=native(tmp_path))


def test_auto_goes_on_to_onnx_runtime_and_every_stage_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_onnx_runtime(monkeypatch, OrtDouble(absent=[ort_double.TENSORRT]))
    stages = open_stages(MODELS, provider=native(tmp_path, AUTO))
    assert {stage.provider for stage in stages} == {CUDA}
    (told,) = fall_backs([*stages, *stages])  # one reason for all
    assert told.startswith("stage 0 and 2 more run on cuda: tensorrt-native: ")
    assert "tensorrt: ONNX Runtime took CUDAExecutionProvider in its place" in told
    assert fall_backs(stages[:1])[0].startswith("stage 0 runs on cuda: ")


def test_auto_takes_tensorrt_itself_where_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    stages = open_stages(MODELS, provider=native(tmp_path, AUTO))
    assert {stage.provider for stage in stages} == {NATIVE}
    assert fall_backs(stages) == ()
    assert len(kept_engines(tmp_path)) == len(MODELS)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_stage_that_tensorrt_cannot_build_runs_elsewhere_among_the_others(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, TensorRtDouble())
    models = list(MODELS)
    models[place] = (trunk_stages()[place], f"stage {place}")  # its height and width are open
    stages = open_stages(models, provider=native(tmp_path, AUTO))
    assert [stage.provider for stage in stages] == [CPU if k == place else NATIVE for k in range(3)]
    assert "engines are built for stages of which the number of images" in stages[place].why_not[0]
    found = Cascade(stages, THROUGH).run_batch(IMAGES)
    wanted = Cascade(open_stages(MODELS), THROUGH).run_batch(IMAGES)
    np.testing.assert_allclose(found.logits, wanted.logits, atol=1e-5)
    assert np.isfinite(Cascade(stages, THROUGH).run(IMAGES[:1]).logits).all()
