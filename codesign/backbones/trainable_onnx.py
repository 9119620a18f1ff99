"""A network brought as ONNX, opened for training: its weights as parameters, and afterwards back under their names.

The graph is interpreted node by node instead of converted to modules. The converter there is (onnx2torch 1.5.15) puts
weights into modules named after nodes, what else the file holds into numbered buffers that are not trained, and has no
way back to ONNX; everything after it (cutting, exits, the certificate) would have to trust a second export.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError

from .gradient_scaling import scaled_gradient
from .torch_operations import OPERATIONS, attributes_of

# Which inputs of an operation are weights where they are float arrays of the file; statistics and limits are none.
WEIGHTS_AT: dict[str, tuple[int, ...]] = {
    "BatchNormalization": (1, 2),
    "Conv": (1, 2),
    "Gemm": (1, 2),
    "LayerNormalization": (1, 2),
    "MatMul": (0, 1),
    "PRelu": (1,),
}
VECTORS_AT = {"Add": (0, 1), "Mul": (0, 1)}  # biases and scales; masks and tables of positions have more axes
TURNED = frozenset({"Identity", "Reshape", "Transpose"})  # between a weight and its layer, where an exporter left them
TOLERANCE = 1e-4  # of the largest logit
TO_DO = "leave --finetune out: the weights then stay as they are"


class TrainableOnnx(nn.Module):
    """Images as the graph wants them, to logits and to any tensors of the graph."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take a copy of every weight.

        Raises:
            ConfigError: an operation that is not known here; names its node.
        """
        super().__init__()
        for node in model.graph.node:
            if node.op_type not in OPERATIONS and node.op_type != "Constant":
                raise ConfigError(
                    f"node {node.name!r} ({node.op_type}) cannot be trained through: no gradient is known for it",
                    to_do=TO_DO,
                )
        self.image, self.logits = model.graph.input[0].name, model.graph.output[0].name
        self.nodes = [
            (OPERATIONS[node.op_type], attributes_of(node), tuple(node.input), tuple(node.output))
            for node in model.graph.node
            if node.op_type != "Constant"
        ]
        self.weights = nn.ParameterList()
        self.numbers: dict[str, int] = {}  # of a weight's name; torch forbids dots in names, ONNX does not
        self.constants: dict[str, Tensor] = {}
        wanted = _weights_of(model)
        for name, array in _arrays(model).items():
            value = torch.from_numpy(array.copy())
            if name in wanted:
                self.numbers[name] = len(self.weights)
                maps = value.ndim == 4
                self.weights.append(value.contiguous(memory_format=torch.channels_last) if maps else value)
            else:
                self.constants[name] = value

    def forward(
        self, image: Tensor, cuts: Sequence[str] = (), *, balanced: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Logits (batch, classes), and the tensors named by `cuts`, which come in the order of the graph.

        Args:
            balanced: rescale gradients at the cuts, see `gradient_scaling`; answers are the same.
        """
        known: dict[str, Tensor] = {**self.constants, self.image: image}
        known |= {name: self.weights[number] for name, number in self.numbers.items()}
        found: dict[str, Tensor] = {}
        for operation, attributes, inputs, outputs in self.nodes:
            made = operation(attributes, *(known[name] if name else None for name in inputs))
            known.update(zip(outputs, [made] if isinstance(made, Tensor) else made, strict=False))
            for cut in outputs:
                if cut in cuts:
                    left = len(cuts) - len(found) + 1  # exits from here on, the network's own end among them
                    found[cut] = scaled_gradient(known[cut], 1 / left) if balanced else known[cut]
                    known[cut] = scaled_gradient(known[cut], (left - 1) / left) if balanced else known[cut]
        return known[self.logits], [found[cut] for cut in cuts]

    def written_into(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """A copy of the graph this was made from with the weights as they are now; all else bit for bit."""
        written = onnx.ModelProto()
        written.CopyFrom(model)
        tensors = [*written.graph.initializer]
        for weight in tensors:
            if weight.name in self.numbers:
                weight.CopyFrom(numpy_helper.from_array(self._weight(weight.name), weight.name))
        for node in written.graph.node:
            if node.op_type == "Constant" and node.output[0] in self.numbers:
                value = node.attribute[0].t
                value.CopyFrom(numpy_helper.from_array(self._weight(node.output[0]), value.name))
        return written

    def _weight(self, name: str) -> FloatArray:
        weight: FloatArray = self.weights[self.numbers[name]].detach().contiguous().numpy()
        return np.ascontiguousarray(weight)


def opened(model: onnx.ModelProto, image: FloatArray, expected: FloatArray) -> TrainableOnnx:
    """A network ready to be trained, once it answers as ONNX Runtime does.

    Args:
        image: (batch, …) of images as the network wants them.
        expected: (batch, classes), what ONNX Runtime answers.
    Raises:
        ConfigError: an operation without a gradient, no weights at all, or other answers.
    """
    network = TrainableOnnx(model)
    if not network.numbers:
        raise ConfigError("the network has no weights that could be trained", to_do=TO_DO)
    try:
        with torch.no_grad():
            found = network(torch.from_numpy(image))[0].numpy()
    except (RuntimeError, TypeError, ValueError, LookupError) as error:
        raise ConfigError(f"the network cannot be run in torch, to be trained: {error}", to_do=TO_DO) from error
    off = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
    if not off <= TOLERANCE * max(float(np.abs(expected).max()), 1.0):
        raise ConfigError(
            f"the network answers otherwise in torch than in ONNX Runtime: logits differ by up to {off:.2g}",
            to_do=TO_DO,
        )
    return network


def _arrays(model: onnx.ModelProto) -> dict[str, FloatArray]:
    """Every constant of the graph by name."""
    found = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            value = onnx.helper.get_attribute_value(node.attribute[0])
            is_tensor = isinstance(value, onnx.TensorProto)
            found[node.output[0]] = numpy_helper.to_array(value) if is_tensor else np.asarray(value)
    return found


def _weights_of(model: onnx.ModelProto) -> set[str]:
    arrays = _arrays(model)
    floats = {name for name, array in arrays.items() if array.dtype == np.float32 and array.size > 1}
    turned = {node.output[0] for node in model.graph.node if node.op_type in TURNED}
    vectors = {name for name in floats if max(arrays[name].shape) == arrays[name].size}
    found = set()
    for node in reversed(model.graph.node):
        if node.op_type in TURNED and node.output[0] in found:
            found |= {node.input[0]} & floats
            continue
        for table, among in ((WEIGHTS_AT, floats), (VECTORS_AT, vectors)):
            places = table.get(node.op_type, ())
            found |= {name for place, name in enumerate(node.input) if place in places and name in among | turned}
    return found & floats
