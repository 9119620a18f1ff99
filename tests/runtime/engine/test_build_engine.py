"""Orders to TensorRT's builder, of two versions. Not yet run on a board: a double refuses what the real one refuses."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from codesign.stages.cut import cut_into_stages
from codesign.stages.layers import weighed_layers
from codesign.stages.lower import in_integers
from runtime.contract.errors import EngineError
from runtime.engine.build_engine import NOT_BUILT, Order, build, main, order_text
from runtime.engine.native_tensorrt import native_tensorrt
from tests.closed_stages import closed
from tests.codesign.small_networks import SPACE, cuts_of, graph_of, random_batch, small_exited_slice
from tests.tiny_cascade import trunk_stages
from tests.trt_double import V8, V10, TensorRtDouble, use

STAGE = closed(trunk_stages()[:1], (3, 12, 16))[0]


@pytest.fixture(params=[V8, V10])
def double(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TensorRtDouble:
    return use(monkeypatch, TensorRtDouble(request.param))


def order(tmp_path: Path, model: bytes = STAGE, precision: str = "fp32", timing: bool = False) -> Order:
    (tmp_path / "stage.onnx").write_bytes(model)
    cache = str(tmp_path / "timing.cache") if timing else None
    return Order(str(tmp_path / "stage.onnx"), str(tmp_path / "stage.plan"), precision, 64, 1 << 20, cache)


def header(tmp_path: Path) -> dict[str, object]:
    """What the double writes into its plans."""
    content = (tmp_path / "stage.plan").read_bytes()
    size = int.from_bytes(content[4:8], "little")
    found: dict[str, object] = json.loads(content[8 : 8 + size])
    return found


def quantised(zero: int) -> bytes:
    """A graph with a pair of QuantizeLinear and DequantizeLinear."""
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "scale")
    point = numpy_helper.from_array(np.array(zero, np.int8), "zero")
    nodes = [
        helper.make_node("QuantizeLinear", ["image", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
        helper.make_node("Identity", ["d"], ["logits"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 4]) for name in ("image", "logits")]
    graph = helper.make_graph(nodes, "q", values[:1], values[1:], [scale, point])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def halved() -> bytes:
    weight = numpy_helper.from_array(np.ones((4, 4), np.float16), "w")
    nodes = [
        helper.make_node("Cast", ["image"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("MatMul", ["h", "w"], ["m"]),
        helper.make_node("Cast", ["m"], ["logits"], to=TensorProto.FLOAT),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 4]) for name in ("image", "logits")]
    model = helper.make_model(
        helper.make_graph(nodes, "h", values[:1], values[1:], [weight]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return bytes(model.SerializeToString())


def test_an_engine_is_written_for_batches_from_one(double: TensorRtDouble, tmp_path: Path) -> None:
    assert build(order(tmp_path), native_tensorrt()) == ""
    written = header(tmp_path)
    assert written["version"] == double.version
    assert written["profile"] == {"image": [[1, 3, 12, 16], [1, 3, 12, 16], [64, 3, 12, 16]]}


@pytest.mark.usefixtures("double")
def test_float32_is_not_rounded_to_tf32(tmp_path: Path) -> None:
    build(order(tmp_path), native_tensorrt())
    assert header(tmp_path)["tf32"] is False


@pytest.mark.parametrize(("precision", "model"), [("int8", quantised(0)), ("mixed", quantised(0)), ("fp16", halved())])
@pytest.mark.usefixtures("double")
def test_the_graphs_own_precision_is_built_by_either_version(precision: str, model: bytes, tmp_path: Path) -> None:
    build(order(tmp_path, model, precision), native_tensorrt())
    assert (tmp_path / "stage.plan").is_file()


@pytest.mark.usefixtures("double")
def test_what_the_parser_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot read the graph: In node 0 .*only supports symmetric quantization"):
        build(order(tmp_path, quantised(3), "int8"), native_tensorrt())
    assert not (tmp_path / "stage.plan").exists()


@pytest.mark.usefixtures("double")
def test_a_stage_of_which_more_than_the_batch_is_open_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"the input 'image' is \(-1, 3, -1, -1\)"):
        build(order(tmp_path, trunk_stages()[0]), native_tensorrt())


@pytest.mark.usefixtures("double")
def test_a_builder_that_gives_nothing_is_an_error_with_its_reason(tmp_path: Path) -> None:
    wrong = "fp32"  # of a graph in int8: version 8 wants to be told, version 10 sees it
    native = native_tensorrt()
    if native.version == V8:
        with pytest.raises(EngineError, match="built no engine: Error Code 4: Int8 precision has been set"):
            build(order(tmp_path, quantised(0), wrong), native)
    else:
        build(order(tmp_path, quantised(0), wrong), native)


@pytest.mark.usefixtures("double")
def test_what_layers_took_is_kept_for_the_next_stage(tmp_path: Path) -> None:
    native, times = native_tensorrt(), tmp_path / "timing.cache"
    build(order(tmp_path, timing=True), native)
    first = times.read_bytes()
    build(order(tmp_path, timing=True), native)
    assert times.read_bytes() == first + b"."
    times.write_bytes(b"of another version")
    build(order(tmp_path, timing=True), native)
    assert times.read_bytes().startswith(native.version.encode())


@pytest.mark.usefixtures("double")
def test_where_times_cannot_be_kept_the_engine_is_built_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "timing.cache").mkdir()  # neither read nor written, whoever runs this
    assert build(order(tmp_path, timing=True), native_tensorrt()) == ""
    assert (tmp_path / "stage.plan").is_file()


@pytest.mark.usefixtures("double")
def test_a_process_for_it_answers_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "order.json").write_text(order_text(order(tmp_path)))
    assert main([str(tmp_path / "order.json")]) == 0
    assert json.loads(capsys.readouterr().out) == {"said": ""}
    (tmp_path / "order.json").write_text(order_text(order(tmp_path, b"no model")))
    assert main([str(tmp_path / "order.json")]) == NOT_BUILT
    assert "its bytes are no model" in json.loads(capsys.readouterr().out)["error"]


def test_the_double_refuses_what_the_versions_refuse() -> None:
    """Else the tests above would prove nothing."""
    for version, flag in ((V8, 0), (V10, 1 << 1)):
        double = TensorRtDouble(version)
        trt: ModuleType = double.module

        class Logger(trt.ILogger):  # type: ignore[misc, name-defined]
            said: list[str] = []  # noqa: RUF012 (the test's own)

            def log(self, _severity: object, message: str) -> None:
                self.said.append(message)

        builder = trt.Builder(Logger())
        network = builder.create_network(flag)
        parser = trt.OnnxParser(network, double.logger)
        if version == V8:
            assert not parser.parse(STAGE)
            assert "explicit batch" in parser.get_error(0)
            continue
        assert not hasattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH")
        assert parser.parse(STAGE)
        config = builder.create_builder_config()
        assert builder.build_serialized_network(network, config) is None
        assert "no optimization profile has been defined" in Logger.said[-1]
        config.set_flag(trt.BuilderFlag.FP16)
        assert builder.build_serialized_network(network, config) is None
        assert "strongly typed" in Logger.said[-1]


def test_the_graphs_of_the_tests_are_graphs() -> None:
    for content in (STAGE, quantised(0), halved()):
        onnx.checker.check_model(onnx.load_from_string(content))


@pytest.mark.parametrize("for_tensorrt", [True, False])
@pytest.mark.usefixtures("double")
def test_int8_as_it_is_compiled_for_a_gpu_is_read_and_as_for_a_cpu_it_is_not(
    for_tensorrt: bool, tmp_path: Path
) -> None:
    network = small_exited_slice(SPACE.largest())
    graph, cuts, images = graph_of(network), cuts_of(network), random_batch(32, seed=5).numpy()
    lowered = in_integers(graph, cuts, weighed_layers(graph), images, for_tensorrt=for_tensorrt)
    for stage in cut_into_stages(lowered, cuts):
        asked = order(tmp_path, stage.SerializeToString(), "int8")
        if for_tensorrt:
            build(asked, native_tensorrt())
        else:
            with pytest.raises(EngineError, match=r"cannot read the graph: In node \d+"):
                build(asked, native_tensorrt())
