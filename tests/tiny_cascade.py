"""A small but real multi-stage cascade in ONNX with random weights, for every test that needs a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from codesign.bundle.write import write_bundle
from runtime.contract.arrays import UInt8Array
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.contract.manifest import Manifest
from runtime.contract.mode import Mode
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.promise import Promise
from runtime.contract.tensor_spec import TensorSpec

OPSET, IR_VERSION = 17, 8
CLASSES = ("cat", "dog", "owl", "fox", "elk")
SPEC = TensorSpec(height=12, width=16, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
CLOCKS = OperatingPoint(cpu_hz=1_500_000_000, gpu_hz=600_000_000, emc_hz=2_133_000_000)
CHAIN, TRUNK, LONE = "chain-1", "trunk", "lone"


class Net:
    """Nodes and weights of a graph under construction; the same pieces make a stage and the uncut network."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, *shape: int) -> str:
        fan_in = float(np.prod(shape[1:])) if len(shape) > 1 else 1.0
        values = self.rng.normal(size=shape) * (2.0 / fan_in) ** 0.5
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, source: str, target: str, in_channels: int, out_channels: int, stride: int = 1) -> None:
        """3×3 convolution and ReLU."""
        kernel = self.weight(f"{target}_w", out_channels, in_channels, 3, 3)
        node = helper.make_node(
            "Conv", [source, kernel], [f"{target}_c"], pads=[1, 1, 1, 1], strides=[stride, stride], name=f"{target}_n"
        )
        self.nodes += [node, helper.make_node("Relu", [f"{target}_c"], [target])]

    def add(self, left: str, right: str, target: str) -> None:
        self.nodes.append(helper.make_node("Add", [left, right], [target]))

    def head(self, source: str, channels: int, classes: int, prefix: str = "", gain: float = 3.0) -> None:
        """Pool, classify, and say how unsure: outputs `<prefix>logits` and `<prefix>entropy`."""
        self.weights.append(numpy_helper.from_array(np.array([gain], np.float32), f"{prefix}gain"))
        matrix = self.weight(f"{prefix}fc", channels, classes)
        names = {k: f"{prefix}{k}" for k in ("pool", "flat", "raw", "logits", "logp", "p", "plogp", "sum", "entropy")}
        self.nodes += [
            helper.make_node("GlobalAveragePool", [source], [names["pool"]]),
            helper.make_node("Flatten", [names["pool"]], [names["flat"]]),
            helper.make_node("MatMul", [names["flat"], matrix], [names["raw"]]),
            helper.make_node("Mul", [names["raw"], f"{prefix}gain"], [names["logits"]]),
            helper.make_node("LogSoftmax", [names["logits"]], [names["logp"]], axis=1),
            helper.make_node("Exp", [names["logp"]], [names["p"]]),
            helper.make_node("Mul", [names["p"], names["logp"]], [names["plogp"]]),
            helper.make_node("Neg", [names["plogp"]], [names["sum"]]),
            helper.make_node("ReduceSum", [names["sum"], f"{prefix}axis"], [names["entropy"]], keepdims=0),
        ]
        self.weights.append(numpy_helper.from_array(np.array([1], np.int64), f"{prefix}axis"))

    def model(self, inputs: Mapping[str, int], outputs: Sequence[str], ranks: Mapping[str, int] | None = None) -> bytes:
        """Serialise: inputs are name -> channels (height and width free); outputs of rank 4 unless said otherwise."""
        rank = {"logits": 2, "entropy": 1, **(ranks or {})}
        graph = helper.make_graph(
            self.nodes,
            "net",
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, f"{name}_h", f"{name}_w"])
                for name, channels in inputs.items()
            ],
            [
                helper.make_tensor_value_info(
                    name, TensorProto.FLOAT, ["batch", *(f"{name}_{axis}" for axis in range(1, rank.get(name, 4)))]
                )
                for name in outputs
            ],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def trunk_stages(seed: int = 0, width: int = 8, classes: int = len(CLASSES)) -> list[bytes]:
    """Three stages of one network: the second takes two tensors of the first, the third one of the second."""
    first = Net(seed)
    first.conv("image", "body", 3, width)
    first.conv("body", "branch", width, width)
    first.head("branch", width, classes)
    second = Net(seed + 1)
    second.add("body", "branch", "joined")
    second.conv("joined", "middle", width, 2 * width, stride=2)
    second.head("middle", 2 * width, classes)
    third = Net(seed + 2)
    third.conv("middle", "top", 2 * width, 2 * width)
    third.head("top", 2 * width, classes)
    return [
        first.model({"image": 3}, ["body", "branch", "logits", "entropy"]),
        second.model({"body": width, "branch": width}, ["middle", "logits", "entropy"]),
        third.model({"middle": 2 * width}, ["logits", "entropy"]),
    ]


def uncut_trunk(seed: int = 0, width: int = 8, classes: int = len(CLASSES)) -> bytes:
    """The network that `trunk_stages` of the same seed were cut from: the last head only."""
    net = Net(seed)
    net.conv("image", "body", 3, width)
    net.conv("body", "branch", width, width)
    net.rng = np.random.default_rng(seed + 1)
    net.add("body", "branch", "joined")
    net.conv("joined", "middle", width, 2 * width, stride=2)
    net.rng = np.random.default_rng(seed + 2)
    net.conv("middle", "top", 2 * width, 2 * width)
    net.head("top", 2 * width, classes)
    return net.model({"image": 3}, ["logits"])


def fresh_stage(seed: int = 10, width: int = 24, classes: int = len(CLASSES)) -> bytes:
    """A larger network that begins again from the image."""
    net = Net(seed)
    net.conv("image", "wide", 3, width)
    net.conv("wide", "deep", width, width, stride=2)
    net.head("deep", width, classes, gain=5.0)
    return net.model({"image": 3}, ["logits", "entropy"])


def broken_stage(seed: int = 20, width: int = 4, classes: int = len(CLASSES)) -> bytes:
    """A stage that answers NaN on a bright image (0 × infinity) and numbers on a dark one."""
    net = Net(seed)
    net.weights.append(numpy_helper.from_array(np.array([1e30], np.float32), "huge"))
    net.nodes += [helper.make_node("Relu", ["image"], ["lit"])]
    net.nodes += [helper.make_node("Mul", ["lit", "huge"], ["h1"]), helper.make_node("Mul", ["h1", "huge"], ["h2"])]
    net.conv("h2", "mixed", 3, width)
    net.head("mixed", width, classes)
    return net.model({"image": 3}, ["logits", "entropy"])


def random_images(count: int, seed: int = 0, spec: TensorSpec = SPEC) -> UInt8Array:
    """(count, height, width, 3) uint8: smooth blobs of differing colour, so that exits differ in how sure they are."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(0, 256, size=(count, 1, 1, 3))
    noise = rng.integers(-60, 61, size=(count, spec.height, spec.width, 3))
    images: UInt8Array = np.clip(colour + noise, 0, 255).astype(np.uint8)
    return images


def mode(name: str, design: str, thresholds: Sequence[float], **changes: Any) -> Mode:
    """A mode with plausible expectations."""
    stages = len(thresholds) + 1
    settings: dict[str, Any] = {
        "expected": {
            "accuracy": Figure(0.25, Kind.ASSUMED, "select split of the test"),
            "energy_j": Figure(0.004, Kind.SIMULATED, "simulated test board"),
            "latency_s": Figure(0.002, Kind.SIMULATED, "simulated test board"),
        },
        "exit_shares": tuple([1.0 / stages] * stages),
    }
    return Mode(name, design, ExitPolicy(tuple(thresholds)), CLOCKS, **(settings | changes))


def promise(stages: int) -> Promise:
    """What each stage is said to cost: 1 mJ, 2 mJ, ... on a simulated board."""
    return Promise(
        tuple(0.001 * (k + 1) for k in range(stages)),
        tuple(0.001 * (k + 1) for k in range(stages)),
        5.0,
        Kind.SIMULATED,
        "simulated test board, board rail",
    )


def tiny_parts(seed: int = 0) -> dict[str, Any]:
    """All arguments of `write_bundle` but the folder: three designs, four modes."""
    trunk = trunk_stages(seed)
    modes = [
        mode("balanced", CHAIN, (1.2, 1.1, 1.0)),
        mode("thorough", CHAIN, (-np.inf, -np.inf, -np.inf)),
        mode("trunk-only", TRUNK, (1.2, 1.0)),
        mode("one-shot", LONE, ()),
    ]
    return {
        "board": "test-board",
        "device": "cpu",
        "classes": CLASSES,
        "input_spec": SPEC,
        "modes": modes,
        "default_mode": "balanced",
        "stage_models": {CHAIN: [*trunk, fresh_stage()], TRUNK: trunk, LONE: [fresh_stage()]},
        "golden_images": random_images(3, seed=99),
        "promises": {m.name: promise(m.policy.stages) for m in modes},
        "provenance": {"seed": seed, "tool": "tests"},
    }


def write_tiny_bundle(out: Path, seed: int = 0, **changes: Any) -> Manifest:
    """Write the tiny bundle, with any argument of `write_bundle` replaced."""
    return write_bundle(out, **(tiny_parts(seed) | changes))
