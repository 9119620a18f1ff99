"""codesign/backbones/user_file.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from codesign.backbones.user_file import NEWEST_IR, NEWEST_OPSET, read_user_file, user_file_sha256
from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import file_sha256
from tests.codesign.user_networks import model_of, residual_network, saved


def opset(model: onnx.ModelProto) -> int:
    return next(entry.version for entry in model.opset_import if entry.domain == "")


@pytest.mark.parametrize(("brought", "read"), [(11, 17), (13, 13), (17, 17), (NEWEST_OPSET, NEWEST_OPSET), (22, 21)])
def test_operator_sets_that_the_boards_do_not_know_are_converted(brought: int, read: int, tmp_path: Path) -> None:
    model = model_of([("Relu", ["x"], ["scores"], {})], {}, opset=brought)
    model.ir_version = NEWEST_IR + 1
    found = read_user_file(saved(model, tmp_path))
    assert opset(found) == read
    assert found.ir_version <= NEWEST_IR


def test_converting_leaves_the_weights_bit_for_bit(tmp_path: Path) -> None:
    model = residual_network(exporter_tail=False)
    model.opset_import[0].version = 12
    found = {
        w.name: numpy_helper.to_array(w).tobytes() for w in read_user_file(saved(model, tmp_path)).graph.initializer
    }
    assert found == {w.name: numpy_helper.to_array(w).tobytes() for w in model.graph.initializer}


def test_functions_are_written_out(tmp_path: Path) -> None:
    model = model_of([("Twice", ["x"], ["scores"], {"domain": "local"})], {})
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    own = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("local", "Twice", ["a"], ["b"], body, own))
    model.opset_import.append(helper.make_opsetid("local", 1))
    assert [node.op_type for node in read_user_file(saved(model, tmp_path)).graph.node] == ["Add"]


def test_nodes_without_a_name_are_called_after_what_they_make(tmp_path: Path) -> None:
    model = residual_network()
    for node in model.graph.node:
        node.name = ""
    assert read_user_file(saved(model, tmp_path)).graph.node[0].name == "stem"


def test_the_fingerprint_of_a_single_file_is_its_own(tmp_path: Path) -> None:
    file = saved(residual_network(), tmp_path)
    assert user_file_sha256(file) == file_sha256(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"hello, this is no network", "not an ONNX network"), (b"", "it has no nodes")],
)
def test_what_is_no_network_is_refused(content: Any, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{message}(.|\n)*to do: "):
        read_user_file(tmp_path / "net.onnx")


def test_too_many_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("codesign.backbones.user_file.LARGEST_BYTES", 1000)
    with pytest.raises(ConfigError, match=r"more than the 2 GB that can be rewritten"):
        read_user_file(saved(residual_network(), tmp_path))


def test_an_operator_set_that_cannot_be_converted_is_refused(tmp_path: Path) -> None:
    model = model_of([("Relu", ["x"], ["scores"], {})], {"w": np.ones(1, dtype=np.float32)}, opset=999)
    with pytest.raises(ConfigError, match=r"operator set 999 cannot be converted to 21(.|\n)*opset 17"):
        read_user_file(saved(model, tmp_path))
