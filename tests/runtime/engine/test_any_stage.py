"""One suite for whatever runs a stage: ONNX Runtime on a CPU, and TensorRT of two versions (a double of it)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.arrays import FloatArray
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import MARGIN
from runtime.engine.any_stage import AnyStage
from runtime.engine.bundle import full_depth
from runtime.engine.cascade import Cascade
from runtime.engine.engine_builder import Builder
from runtime.engine.engine_key import BuildSite
from runtime.engine.open_stages import open_stages
from runtime.engine.provider import NATIVE, ON_CPU, Provider
from runtime.engine.stage import Stage
from tests.closed_stages import closed
from tests.tiny_cascade import CLASSES, fresh_stage, trunk_stages
from tests.trt_double import V8, V10, TensorRtDouble, builds_here, use

SHAPE = (3, 12, 16)
MODELS = closed([*trunk_stages(), fresh_stage()], SHAPE)
IMAGES: FloatArray = np.random.default_rng(0).normal(size=(9, *SHAPE)).astype(np.float32)
REFERENCE = [Stage(model, where="reference") for model in MODELS]
Opened = Callable[..., list[AnyStage]]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once for all tests here."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(params=["onnxruntime", V8, V10])
def opened(request: pytest.FixtureRequest, engines: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens stages on one of them."""
    models = [(model, f"stage {k}") for k, model in enumerate(MODELS)]
    if request.param == "onnxruntime":
        return partial(open_stages, models, provider=ON_CPU)
    use(monkeypatch, TensorRtDouble(request.param))
    builder = Builder(program=builds_here(monkeypatch))
    site = BuildSite(None, "36.5.0", "nvidia,tegra234", "248")
    return partial(open_stages, models, provider=Provider(NATIVE, engines=engines, site=site, builder=builder))


def test_it_says_what_goes_in_and_out(opened: Opened) -> None:
    stages = opened()
    assert [stage.inputs for stage in stages] == [("image",), ("body", "branch"), ("middle",), ("image",)]
    assert [stage.hands_on for stage in stages] == [("body", "branch"), ("middle",), (), ()]
    assert [stage.starts_fresh for stage in stages] == [True, False, False, True]
    assert all(stage.outputs == (*stage.hands_on, "logits", "entropy") for stage in stages)
    assert len({stage.provider for stage in stages}) == 1
    assert all(stage.why_not == () for stage in stages)


def test_outputs_are_those_of_the_graph(opened: Opened) -> None:
    first, second, *_ = opened()
    outputs = first({"image": IMAGES})
    *features, logits, entropy = (np.asarray(tensor) for tensor in outputs)
    for found, wanted in zip([*features, logits, entropy], REFERENCE[0]({"image": IMAGES}), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(entropy, entropy_nats(logits), atol=1e-5)
    handed_on = dict(zip(first.hands_on, outputs, strict=False))
    assert np.asarray(second(handed_on)[-2]).shape == (9, len(CLASSES))


def test_entropy_is_on_the_host(opened: Opened) -> None:
    entropy = opened()[0]({"image": IMAGES[:1]})[-1]
    assert isinstance(entropy, np.ndarray)
    assert isinstance(entropy.item(), float)


@pytest.mark.parametrize("thresholds", [(1.2, 1.1, 1.0), (-np.inf,) * 3, (np.inf,) * 3])
def test_images_leave_where_they_would_and_with_the_same_answer(opened: Opened, thresholds: tuple[float, ...]) -> None:
    policy = ExitPolicy(thresholds)
    found, wanted = Cascade(opened(), policy), Cascade(REFERENCE, policy)
    batch, expected = found.run_batch(IMAGES), wanted.run_batch(IMAGES)
    np.testing.assert_array_equal(batch.exit_index, expected.exit_index)
    np.testing.assert_allclose(batch.logits, expected.logits, atol=1e-5)
    np.testing.assert_allclose(batch.entropy_nats, expected.entropy_nats, atol=1e-5)
    for row in range(len(IMAGES)):
        one = found.run(IMAGES[row : row + 1])
        assert one.exit_index == expected.exit_index[row]
        assert isinstance(one.logits, np.ndarray)
        np.testing.assert_allclose(one.logits[0], expected.logits[row], atol=1e-5)


def test_another_score_than_entropy_is_computed_from_the_logits(opened: Opened) -> None:
    policy = ExitPolicy((2.0, 1.5, 1.0), MARGIN)
    batch, expected = (Cascade(stages, policy).run_batch(IMAGES) for stages in (opened(), REFERENCE))
    np.testing.assert_array_equal(batch.exit_index, expected.exit_index)
    one = Cascade(opened(), policy).run(IMAGES[:1])
    assert one.exit_index == expected.exit_index[0]


def test_every_exit_can_be_looked_at(opened: Opened) -> None:
    for found, wanted in zip(
        full_depth(opened()).run_through(IMAGES), full_depth(REFERENCE).run_through(IMAGES), strict=True
    ):
        np.testing.assert_allclose(found[0], wanted[0], atol=1e-5)
        np.testing.assert_allclose(found[1], wanted[1], atol=1e-5)


def test_more_images_than_an_engine_takes_at_once_are_answered_all_the_same(opened: Opened) -> None:
    images = np.random.default_rng(1).normal(size=(150, *SHAPE)).astype(np.float32)
    policy = ExitPolicy((1.2, 1.1, 1.0))
    batch, expected = Cascade(opened(), policy).run_batch(images), Cascade(REFERENCE, policy).run_batch(images)
    np.testing.assert_array_equal(batch.exit_index, expected.exit_index)
    np.testing.assert_allclose(batch.logits, expected.logits, atol=1e-5)


def test_an_image_that_is_no_contiguous_array_is_read_right(opened: Opened) -> None:
    pixels = np.random.default_rng(2).normal(size=(2, 12, 16, 3)).astype(np.float32)
    found = opened()[0]({"image": pixels.transpose(0, 3, 1, 2)})
    wanted = REFERENCE[0]({"image": np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))})
    np.testing.assert_allclose(np.asarray(found[-2]), wanted[-2], atol=1e-5)


def test_another_type_than_float32_is_refused(opened: Opened) -> None:
    with pytest.raises(EngineError, match=r"float32|tensor\(float\)|failed on inputs"):
        opened()[0]({"image": IMAGES.astype(np.float64)})


def test_a_failing_run_names_the_shapes_it_was_given_and_the_next_one_works(opened: Opened) -> None:
    stage = opened()[0]
    with pytest.raises(EngineError, match=r"failed on inputs \{'image': \(1, 7, 12, 16\)\}(.|\n)*where: stage 0"):
        stage({"image": np.zeros((1, 7, 12, 16), np.float32)})
    assert stage({"image": IMAGES[:1]})[-1].shape == (1,)


def test_several_threads_may_run_it_at_once(opened: Opened) -> None:
    policy = ExitPolicy((1.2, 1.1, 1.0))
    cascade, expected = Cascade(opened(), policy), Cascade(REFERENCE, policy).run_batch(IMAGES)
    wrong: list[int] = []

    def work(start: int) -> None:
        for row in (start, start + 3, start + 6) * 5:
            one = cascade.run(IMAGES[row : row + 1])
            if one.exit_index != expected.exit_index[row] or not np.allclose(
                one.logits[0], expected.logits[row], atol=1e-5
            ):
                wrong.append(row)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
