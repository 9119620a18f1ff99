"""What was asked for is set up and used, or it is an error. Not yet run on a board: these speak to a double."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import ConfigError, EngineError
from runtime.contract.manifest import read_manifest
from runtime.engine.bundle import open_bundle
from runtime.engine.engine_key import BuildSite
from runtime.engine.golden import replay_golden
from runtime.engine.provider import AUTO, CPU, CUDA, TENSORRT, Provider, candidates, profile_of, set_up
from runtime.engine.stage import Stage
from tests import ort_double
from tests.ort_double import OrtDouble, use
from tests.tiny_cascade import random_images, trunk_stages

SITE = BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248")
EVERY = (ort_double.TENSORRT, ort_double.CUDA, ort_double.CPU)


def test_auto_tries_the_best_first() -> None:
    assert candidates(AUTO, EVERY) == (TENSORRT, CUDA, CPU)
    assert candidates(AUTO, [ort_double.CPU]) == (CPU,)


@pytest.mark.parametrize("asked", [CUDA, TENSORRT])
def test_what_onnx_runtime_was_built_without_is_an_error(asked: str) -> None:
    with pytest.raises(ConfigError, match=rf"built without {asked}: it has CPU(.|\n)*onnxruntime-gpu"):
        candidates(asked, [ort_double.CPU])


def test_a_provider_nobody_knows_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"no provider 'tpu'(.|\n)*cpu, cuda, tensorrt, tensorrt-native, auto"):
        candidates("tpu", EVERY)


def test_cuda_computes_in_float32_and_not_in_tf32() -> None:
    assert set_up(CUDA, Provider(CUDA), b"", {}) == [(ort_double.CUDA, {"use_tf32": "0"}), ort_double.CPU]


@pytest.mark.parametrize(
    ("precision", "fp16", "int8"),
    [("fp32", False, False), ("fp16", True, False), ("int8", False, True), ("mixed", False, True)],
)
def test_tensorrt_may_use_the_formats_that_the_graph_is_in(precision: str, fp16: bool, int8: bool) -> None:
    (name, options), *rest = set_up(TENSORRT, Provider(TENSORRT, precision), b"", {})  # type: ignore[misc]
    assert name == ort_double.TENSORRT
    assert (options["trt_fp16_enable"], options["trt_int8_enable"]) == (str(fp16), str(int8))
    assert rest == [(ort_double.CUDA, {"use_tf32": "0"}), ort_double.CPU]


def test_an_open_batch_is_built_for_one_image_up_to_many() -> None:
    inputs: dict[str, list[object]] = {"body": ["batch", 8, 12, 16], "branch": [None, 8, 6, 8]}
    assert profile_of(inputs, 64) == "body:64x8x12x16,branch:64x8x6x8"
    assert profile_of({"image": ["batch", 3, "height", "width"]}, 1) == ""


def test_engines_are_kept_under_the_key_of_what_they_were_built_from(tmp_path: Path) -> None:
    def folder(model: bytes, precision: str = "fp32") -> str:
        provider = Provider(TENSORRT, precision, tmp_path, SITE)
        options = set_up(TENSORRT, provider, model, {"image": ["b", 3, 4, 4]})[0][1]  # type: ignore[index]
        assert options["trt_engine_cache_enable"] == options["trt_timing_cache_enable"] == "True"
        return str(options["trt_engine_cache_path"])

    assert folder(b"a") == folder(b"a")
    assert len({folder(b"a"), folder(b"b"), folder(b"a", "fp16")}) == 3
    assert Path(folder(b"a")).parent == tmp_path
    assert Path(folder(b"a")).is_dir()


def test_engines_are_not_kept_where_the_version_of_tensorrt_is_not_known(tmp_path: Path) -> None:
    provider = Provider(TENSORRT, engines=tmp_path, site=BuildSite(None, None, None, None))
    options = set_up(TENSORRT, provider, b"", {})[0][1]  # type: ignore[index]
    assert "trt_engine_cache_enable" not in options
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("asked", [CUDA, TENSORRT])
def test_a_stage_runs_on_what_was_asked_for_and_never_falls_back_later(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = use(monkeypatch, OrtDouble())
    stage = Stage(trunk_stages()[0], where="stage 0", provider=Provider(asked))
    assert stage.provider == asked
    assert not double.sessions[-1].falls_back
    assert stage({"image": np.zeros((1, 3, 12, 16), np.float32)})


def test_a_stage_is_on_the_cpu_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    double = use(monkeypatch, OrtDouble())
    assert Stage(trunk_stages()[0], where="stage 0").provider == CPU
    assert double.asked == [{ort_double.CPU: {}}]


def test_a_provider_left_out_in_silence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OrtDouble(absent=[ort_double.CUDA]))
    with pytest.raises(EngineError, match=r"cuda: ONNX Runtime took CPUExecutionProvider in its place(.|\n)*doctor"):
        Stage(trunk_stages()[0], where="stage 0", provider=Provider(CUDA))


def test_cuda_is_not_taken_for_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OrtDouble(absent=[ort_double.TENSORRT]))
    with pytest.raises(EngineError, match="tensorrt: ONNX Runtime took CUDAExecutionProvider in its place"):
        Stage(trunk_stages()[0], where="stage 0", provider=Provider(TENSORRT))


def test_a_provider_that_fails_to_start_is_an_error_and_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, OrtDouble(dies=[ort_double.CUDA]))
    with pytest.raises(EngineError, match=r"cuda: CUDAExecutionProvider failed to start(.|\n)*where: stage 0"):
        Stage(trunk_stages()[0], where="stage 0", provider=Provider(CUDA))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("absent", "dies", "taken"),
    [
        ([], [], TENSORRT),
        ([ort_double.TENSORRT], [], CUDA),
        ([], [ort_double.TENSORRT], CUDA),
        ([ort_double.TENSORRT, ort_double.CUDA], [], CPU),
        ([], [ort_double.TENSORRT, ort_double.CUDA], CPU),
    ],
)
def test_auto_takes_the_best_that_works_and_says_which(
    absent: list[str], dies: list[str], taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OrtDouble(absent=absent, dies=dies))
    assert Stage(trunk_stages()[0], where="stage 0", provider=Provider(AUTO)).provider == taken


def test_a_folder_that_cannot_be_made_is_an_error_unless_auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OrtDouble())
    (tmp_path / "file").write_text("")
    engines = tmp_path / "file" / "engines"
    with pytest.raises(EngineError, match=r"tensorrt: .*Not a directory"):
        Stage(trunk_stages()[0], where="stage 0", provider=Provider(TENSORRT, engines=engines, site=SITE))
    assert Stage(trunk_stages()[0], where="0", provider=Provider(AUTO, engines=engines, site=SITE)).provider == CUDA


def test_a_bundle_runs_on_it_and_answers_the_same(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = random_images(3)
    wanted = [answer.label for answer in open_bundle(bundle).infer_batch(images)]
    use(monkeypatch, OrtDouble())
    engine = open_bundle(bundle, provider=Provider(CUDA))
    assert set(engine.providers) == {CUDA}
    assert [answer.label for answer in engine.infer_batch(images)] == wanted


def test_golden_samples_are_replayed_on_it(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    double = use(monkeypatch, OrtDouble())
    assert replay_golden(bundle, read_manifest(bundle), Provider(CUDA)) <= 1
    assert any(ort_double.CUDA in given for given in double.asked)
