"""A stage on TensorRT: what is copied, what is shared, and what is refused. Not yet run on a board: a double."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.build_engine import Order, build
from runtime.engine.cascade import Cascade
from runtime.engine.device_memory import DevicePool, DeviceTensor
from runtime.engine.native_tensorrt import native_tensorrt
from runtime.engine.tensorrt_stage import TensorRtStage
from tests.closed_stages import closed
from tests.cuda_double import TO_DEVICE, TO_HOST, WITHIN, CudaDouble
from tests.tiny_cascade import CLASSES, trunk_stages
from tests.trt_double import V8, V10, TensorRtDouble, use

SHAPE = (3, 12, 16)
MODELS = closed(trunk_stages(), SHAPE)
IMAGE: FloatArray = np.random.default_rng(0).normal(size=(1, *SHAPE)).astype(np.float32)
IMAGE_BYTES, ENTROPY_BYTES, LOGITS_BYTES = IMAGE.nbytes, 4, 4 * len(CLASSES)


def plan_of(model: bytes, tmp_path: Path) -> bytes:
    (tmp_path / "stage.onnx").write_bytes(model)
    build(Order(str(tmp_path / "stage.onnx"), str(tmp_path / "plan"), "fp32", 64, 1 << 20), native_tensorrt())
    return (tmp_path / "plan").read_bytes()


@pytest.fixture(params=[V8, V10])
def double(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TensorRtDouble:
    return use(monkeypatch, TensorRtDouble(request.param))


@pytest.fixture
def stages(double: TensorRtDouble, tmp_path: Path) -> list[TensorRtStage]:
    assert double
    native = native_tensorrt()
    pool = DevicePool(native.cuda)
    return [TensorRtStage(plan_of(model, tmp_path), native, pool, where=f"stage {k}") for k, model in enumerate(MODELS)]


def test_only_the_entropy_is_copied_back_until_an_image_leaves(
    double: TensorRtDouble, stages: list[TensorRtStage]
) -> None:
    Cascade(stages, ExitPolicy((-np.inf, -np.inf))).run(IMAGE)
    copies = double.cuda.copies
    assert copies == [
        (TO_DEVICE, IMAGE_BYTES),
        (TO_HOST, ENTROPY_BYTES),
        (TO_HOST, ENTROPY_BYTES),
        (TO_HOST, ENTROPY_BYTES),
        (TO_HOST, LOGITS_BYTES),  # of the last stage alone
    ]


def test_a_stages_features_are_the_next_ones_input_where_they_are(
    double: TensorRtDouble, stages: list[TensorRtStage]
) -> None:
    *features, _, _ = stages[0]({"image": IMAGE})
    assert all(isinstance(tensor, DeviceTensor) for tensor in features)
    double.cuda.copies.clear()
    stages[1](dict(zip(stages[0].hands_on, features, strict=True)))
    assert double.cuda.copies == [(TO_HOST, ENTROPY_BYTES)]


def test_rows_that_stay_in_a_batch_are_gathered_on_the_device(
    double: TensorRtDouble, stages: list[TensorRtStage]
) -> None:
    images = np.random.default_rng(3).normal(size=(8, *SHAPE)).astype(np.float32)
    entropies = stages[0]({"image": images})[-1]
    double.cuda.copies.clear()
    Cascade(stages, ExitPolicy((float(np.median(entropies)), -np.inf))).run_batch(images)
    from_host = [size for direction, size in double.cuda.copies if direction == TO_DEVICE]
    to_host = [size for direction, size in double.cuda.copies if direction == TO_HOST]
    assert from_host == [images.nbytes]
    assert WITHIN in {direction for direction, _ in double.cuda.copies}
    assert max(to_host) <= 8 * LOGITS_BYTES


def test_where_the_next_stage_runs_elsewhere_features_come_to_the_host(stages: list[TensorRtStage]) -> None:
    stages[0].on_device = False
    *features, _, _ = stages[0]({"image": IMAGE})
    assert all(isinstance(tensor, np.ndarray) for tensor in features)


def test_buffers_are_used_again_and_memory_does_not_grow(double: TensorRtDouble, stages: list[TensorRtStage]) -> None:
    cascade = Cascade(stages, ExitPolicy((-np.inf, -np.inf)))
    cascade.run(IMAGE)
    blocks, streams = len(double.cuda.blocks), len(double.cuda.pending)
    for _ in range(20):
        cascade.run(IMAGE)
    assert (len(double.cuda.blocks), len(double.cuda.pending)) == (blocks, streams)


def test_a_stage_that_is_dropped_gives_back_memory_and_streams(
    double: TensorRtDouble, stages: list[TensorRtStage]
) -> None:
    Cascade(stages, ExitPolicy((-np.inf, -np.inf))).run(IMAGE)
    stages.clear()
    gc.collect()
    assert not double.cuda.blocks
    assert set(double.cuda.pending) == {0}


def test_an_engine_of_another_version_is_refused_with_tensorrts_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, TensorRtDouble(V8))
    plan = plan_of(MODELS[0], tmp_path)
    use(monkeypatch, TensorRtDouble(V10))
    native = native_tensorrt()
    with pytest.raises(EngineError, match=r"TensorRT 10\.3\.0 refuses an engine: .*Version tag does not match"):
        TensorRtStage(plan, native, DevicePool(native.cuda), where="stage 0")


def test_bytes_that_are_no_engine_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    native = native_tensorrt()
    with pytest.raises(EngineError, match=r"magicTagRead(.|\n)*where: stage 0(.|\n)*engines build --again"):
        TensorRtStage(b"no engine", native, DevicePool(native.cuda), where="stage 0")


def test_an_engine_without_entropy_is_no_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble())
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 4]) for name in ("image", "logits")]
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["logits"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    native = native_tensorrt()
    with pytest.raises(EngineError, match="a stage needs an output 'entropy' of rank 1"):
        TensorRtStage(plan_of(model.SerializeToString(), tmp_path), native, DevicePool(native.cuda), where="stage 0")


def test_inputs_of_different_numbers_of_images_are_refused(stages: list[TensorRtStage]) -> None:
    body, branch, _, _ = (np.asarray(tensor) for tensor in stages[0]({"image": IMAGE}))
    with pytest.raises(EngineError, match="as many images in one input as in the other"):
        stages[1]({"body": np.concatenate([body, body]), "branch": branch})
    with pytest.raises(EngineError, match="and one at least"):
        stages[0]({"image": IMAGE[:0]})


def test_a_fault_on_the_gpu_is_an_error_and_not_a_wrong_answer(
    double: TensorRtDouble, stages: list[TensorRtStage]
) -> None:
    stages[0]({"image": IMAGE})
    double.cuda.broken = 700
    with pytest.raises(EngineError, match=r"an illegal memory access was encountered \(CUDA error 700\)(.|\n)*restart"):
        stages[0]({"image": IMAGE})
    double.cuda.broken = 0


def test_a_gpu_without_room_for_a_tensor_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TensorRtDouble(cuda=CudaDouble(memory_bytes=1024)))
    native = native_tensorrt()
    stage = TensorRtStage(plan_of(MODELS[0], tmp_path), native, DevicePool(native.cuda), where="stage 0")
    with pytest.raises(EngineError, match="out of memory"):
        stage({"image": IMAGE})


def test_the_double_refuses_a_wrong_order_of_calls(double: TensorRtDouble, tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    native = native_tensorrt()
    runtime = native.tensorrt.Runtime(native.logger)
    context = runtime.deserialize_cuda_engine(plan_of(MODELS[0], tmp_path)).create_execution_context()
    stream = native.cuda.stream()
    assert not context.execute_async_v3(stream)
    assert "the shape of image has not been specified" in native.messages.taken()
    assert not context.set_input_shape("image", (65, *SHAPE))
    assert "do not satisfy the profile's range" in native.messages.taken()
    assert context.set_input_shape("image", (1, *SHAPE))
    assert not context.execute_async_v3(stream)
    assert "no address has been set for tensor" in native.messages.taken()
    address = native.cuda.allocate(1 << 16)
    assert not context.set_tensor_address("image", address + 4)
    assert "aligned to 256 bytes" in native.messages.taken()
    assert not context.set_tensor_address("imago", address)
    for name in ("image", "body", "branch", "logits", "entropy"):
        assert context.set_tensor_address(name, address)
    native.cuda.free(address)
    assert context.execute_async_v3(stream)  # it is only put on the stream
    with pytest.raises(EngineError, match="illegal memory access"):
        native.cuda.wait(stream)
    assert double.cuda.broken
