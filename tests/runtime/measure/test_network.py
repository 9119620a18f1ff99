"""A subject runs on the engine's stages, with a stamp after each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from runtime.contract.errors import EngineError, StorageError
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec
from runtime.engine.bundle import full_depth
from runtime.engine.provider import Provider
from runtime.engine.stage import Stage
from runtime.measure.network import Network, load_network
from runtime.measure.plan import Subject
from tests import ort_double
from tests.ort_double import OrtDouble, use

from .small_plan import CHAIN, LONE, PLAIN, HandTime, write_networks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_networks(tmp_path)
    return tmp_path


def load(subject: Subject, folder: Path) -> Network:
    return load_network(subject, folder, threads=1, seed=0)


@pytest.mark.parametrize(("subject", "depth"), [(CHAIN, 3), (LONE, 1), (PLAIN, 1)])
def test_there_is_a_stamp_before_the_first_stage_and_after_each(subject: Subject, depth: int, folder: Path) -> None:
    network = load(subject, folder)
    assert network.depth == depth
    stamps_s = network.run(depth, HandTime(1.0).now_s)
    assert stamps_s == [float(k + 1) for k in range(depth + 1)]


def test_a_prefix_stops_after_its_stage(folder: Path) -> None:
    assert len(load(CHAIN, folder).run(2, HandTime().now_s)) == 3


def test_the_stages_compute_what_the_cascade_computes(folder: Path) -> None:
    seen = []

    class Watched(Stage):
        __slots__ = ()

        def __call__(self, feeds):  # type: ignore[no-untyped-def]
            outputs = super().__call__(feeds)
            seen.append(outputs[-2])
            return outputs

    stages = [Watched((folder / name).read_bytes(), where=name) for name in CHAIN.stages]
    image = Preprocessing(CHAIN.input)(np.random.default_rng(0).integers(0, 256, (1, 12, 16, 3), dtype=np.uint8))
    wanted = [logits for logits, _ in full_depth(stages).run_through(image)]
    from runtime.measure import network

    loaded = Network([(stage, network._sources(stages, k)) for k, stage in enumerate(stages)], image)
    seen.clear()
    loaded.run(3, HandTime().now_s)
    for found, logits in zip(seen, wanted, strict=True):
        np.testing.assert_array_equal(found, logits)


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    with pytest.raises(StorageError, match=r"a stage cannot be read(.|\n)*absent.onnx"):
        load(Subject("x", ("absent.onnx",), CHAIN.input), folder)


def test_a_file_that_is_no_network_is_refused(folder: Path) -> None:
    (folder / "lone.onnx").write_bytes(b"nothing")
    with pytest.raises(EngineError, match="cannot load a stage"):
        load(LONE, folder)


def test_stages_that_do_not_fit_together_are_refused(folder: Path) -> None:
    with pytest.raises(EngineError, match="the one before it hands on"):
        load(replace(CHAIN, stages=("chain/0.onnx", "chain/2.onnx")), folder)


def test_a_plain_network_of_another_input_says_what_to_mend(folder: Path) -> None:
    network = load(replace(PLAIN, input=TensorSpec(5, 5)), folder)
    with pytest.raises(EngineError, match=r"failed on an image of shape \(1, 3, 5, 5\)(.|\n)*in the plan"):
        network.run(1, HandTime().now_s)


def test_a_plain_network_takes_one_image(folder: Path) -> None:
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "b")]
    output = helper.make_tensor_value_info("c", TensorProto.FLOAT, [1])
    model = helper.make_model(
        helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "two", inputs, [output]),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    model.ir_version = 8
    (folder / "two.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EngineError, match=r"takes one image; this one takes \['a', 'b'\]"):
        load(Subject("two", ("two.onnx",), CHAIN.input), folder)


@pytest.mark.parametrize("subject", [CHAIN, PLAIN], ids=["stages", "plain"])
def test_networks_run_on_what_was_asked_for(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_networks(tmp_path)
    double = use(monkeypatch, OrtDouble())
    load_network(subject, tmp_path, threads=1, seed=0, provider=Provider("cuda")).run(1, lambda: 0.0)
    assert all(session.get_providers()[0] == ort_double.CUDA for session in double.sessions if not session.falls_back)
    assert sum(not session.falls_back for session in double.sessions) == len(subject.stages)
