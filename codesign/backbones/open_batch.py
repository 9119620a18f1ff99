"""A graph whose every shape is a constant, except for the batch, which is left open wherever it stands.

Exporters rebuild shapes at run time (`Shape`, `Gather`, `Concat`), which can be neither cut (their paths bypass every
tensor) nor counted, or they write the batch of their example image into constants. Both are mended in one pass over
the nodes: each is inferred for three batches at once, and what it reads of shapes becomes a constant, a Reshape in
which one axis is worked out, or, where the operation knows no such axis, a shape built on the spot.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from runtime.contract.errors import ConfigError

from .onnx_fold import SHORT, drop_dead, evaluated, fold_constants, is_index, sort_nodes, weights_are_no_inputs
from .reshape_target import Array, Shape, any_batch, batch_axis, written_out

OPEN_BATCH = "export the network with the batch left open (dynamic_axes of torch.onnx.export) and all else fixed"
SHAPE_READERS = frozenset({"Shape", "Size"})
INFERENCE_ERRORS = (
    onnx.shape_inference.InferenceError,
    onnx.defs.SchemaError,
    onnx.checker.ValidationError,
    RuntimeError,
    TypeError,
    ValueError,
)
PROBES = 3  # batches looked at: one may be 1 (broadcast by chance), and two leave it open whether a size is the batch
SHAPE_INPUTS = {"Reshape": 1, "Expand": 1, "Resize": 3}  # operation -> which input holds the whole shape of its output


def with_open_batch(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with constants folded, shapes fixed, its batch open, and dead nodes gone.

    The input must have fixed sizes but for its first axis, which may be open or the batch it was exported with.

    Raises:
        ConfigError: a shape that follows from the pixels, or from the batch in a way that cannot be written down;
            names the node.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    weights_are_no_inputs(result)
    sort_nodes(result)
    fold_constants(result)
    _Pass(result).run()
    drop_dead(result)
    sort_nodes(result)
    return result


class _Pass:
    """What is known of every tensor so far, for each of three batches."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, graph = model, model.graph
        dim = graph.input[0].type.tensor_type.shape.dim[0]
        self.fixed = dim.dim_value  # 0: open
        first = self.fixed or 1
        self.batches = tuple(range(first, first + PROBES))
        dim.Clear()
        dim.dim_param = "batch"
        rest = tuple(d.dim_value for d in graph.input[0].type.tensor_type.shape.dim)[1:]
        self.initial = {weight.name: weight for weight in graph.initializer}
        self.kinds = {weight.name: weight.data_type for weight in graph.initializer}
        self.kinds[graph.input[0].name] = graph.input[0].type.tensor_type.elem_type
        self.shapes: dict[str, tuple[Shape, ...]] = {
            weight.name: (tuple(weight.dims),) * PROBES for weight in graph.initializer
        }
        self.shapes[graph.input[0].name] = tuple((batch, *rest) for batch in self.batches)
        self.values: dict[str, list[Array]] = {}  # of tensors made of shapes alone
        self.beside = _neighbours(model)
        self.nodes: list[onnx.NodeProto] = []

    def run(self) -> None:
        """Go through the nodes in their order, rewriting them."""
        for node in list(self.model.graph.node):
            if not self._made_of_shapes(node):
                self._rewrite(node)
                self._infer(node)
                self.nodes.append(node)
        for value in self.model.graph.output:
            if value.name in self.values:
                raise ConfigError(f"the output {value.name!r} says nothing about the pixels", to_do=OPEN_BATCH)
        del self.model.graph.node[:]
        self.model.graph.node.extend(self.nodes)

    def _made_of_shapes(self, node: onnx.NodeProto) -> bool:
        """Work out a tensor made of shapes (and constants) for each batch; False where it is made of anything else."""
        read = [name for name in node.input if name]
        if node.op_type in SHAPE_READERS and read[0] in self.shapes:
            given = [{read[0]: np.empty(shape, dtype=np.int8)} for shape in self.shapes[read[0]]]
        elif any(name in self.values for name in read) and all(
            name in self.values or self._is_small(name) for name in read
        ):
            given = [{name: self._value(name, probe) for name in read} for probe in range(PROBES)]
        else:
            return False
        found = [evaluated(self.model, node, values) for values in given]
        for name in found[0]:
            self._remember(name, [values[name] for values in found])
        return True

    def _remember(self, name: str, values: list[Array]) -> None:
        self.values[name] = values
        self.shapes[name] = tuple(value.shape for value in values)
        self.kinds[name] = helper.np_dtype_to_tensor_dtype(values[0].dtype)

    def _is_small(self, name: str) -> bool:
        """A weight that may take part in making shapes: whole numbers, or a few factors."""
        weight = self.initial.get(name)
        return weight is not None and (is_index(weight) or int(np.prod(weight.dims)) <= SHORT)

    def _value(self, name: str, probe: int) -> Array:
        return self.values[name][probe] if name in self.values else numpy_helper.to_array(self.initial[name])

    def _rewrite(self, node: onnx.NodeProto) -> None:
        """Replace what a node reads of shapes, and a batch that was written into it."""
        for position, name in enumerate(node.input):
            whole = SHAPE_INPUTS.get(node.op_type) == position
            if name in self.values:
                values = self.values[name]
            elif whole and self.fixed and name in self.initial and is_index(self.initial[name]):
                opened = self._opened(node, numpy_helper.to_array(self.initial[name]))
                if opened is None:
                    continue
                values = opened
            else:
                continue
            if all(np.array_equal(values[0], other) for other in values[1:]):
                node.input[position] = self._constant(f"{name}@{node.output[0]}", values[0])
            elif node.op_type == "Reshape" and position == 1:
                self._reshape(node, values)
            else:
                self._build(node, position, values)
        if node.op_type == "Concat" and self.fixed:
            self._widen(node)

    def _opened(self, node: onnx.NodeProto, target: Array) -> list[Array] | None:
        """A constant target as it would be for each batch; None where it holds for all of them."""
        data = self.shapes[node.input[0]]
        if data[0] == data[1] or not target.size:
            return None
        if node.op_type != "Reshape":
            return [np.asarray([batch, *target[1:]]) if target[0] == self.fixed else target for batch in self.batches]
        written = written_out(target, data[0], _allows_zero(node))
        axis = next(k for k, (one, two) in enumerate(zip(*data[:2], strict=True)) if one != two)
        place = batch_axis(written, data[0], axis, self.fixed)
        if place is None or (-1 in target and written[place] != self.fixed):
            if -1 in target:
                return None  # works out the batch already
            raise ConfigError(
                f"node {node.name!r} ({node.op_type}) is written for a batch of {self.fixed}: {data[0]} to "
                f"{tuple(written.tolist())}",
                to_do=OPEN_BATCH,
            )
        values = [written.copy() for _ in self.batches]
        for value, batch in zip(values, self.batches, strict=True):
            value[place] = written[place] // self.fixed * batch
        return values

    def _reshape(self, node: onnx.NodeProto, values: list[Array]) -> None:
        data, allow_zero = self.shapes[node.input[0]], _allows_zero(node)
        targets = [written_out(value, shape, allow_zero) for value, shape in zip(values, data, strict=True)]
        target = any_batch(targets, data, allow_zero)
        if target is None:
            raise _refused(node, 1)
        node.input[1] = self._constant(f"{node.input[1]}@{node.output[0]}", target)

    def _build(self, node: onnx.NodeProto, position: int, values: list[Array]) -> None:
        """Make a shape from the batch of a tensor at hand, which lies on no further path than the node itself."""
        if values[0].ndim != 1 or any(value.shape != values[0].shape for value in values):
            raise _refused(node, position)
        source, axis = self._batch_at_hand(node, position)
        name = f"{node.output[0]}@shape{position}"
        parts: list[str] = []
        for k, sizes in enumerate(zip(*values, strict=True)):
            if len(set(sizes)) == 1:
                parts.append(self._constant(f"{name}.{k}", np.asarray([sizes[0]], dtype=np.int64)))
            elif sizes == self.batches:
                parts.append(f"{name}.batch")
            else:
                raise _refused(node, position)
        at = self._constant(f"{name}.axis", np.asarray([axis], dtype=np.int64))
        self.nodes += [
            helper.make_node("Shape", [source], [f"{name}.whole"], name=f"{name}.whole"),
            helper.make_node("Gather", [f"{name}.whole", at], [f"{name}.batch"], name=f"{name}.batch", axis=0),
            helper.make_node("Concat", parts, [name], name=name, axis=0),
        ]
        node.input[position] = name
        self._remember(name, [value.astype(np.int64) for value in values])

    def _batch_at_hand(self, node: onnx.NodeProto, position: int) -> tuple[str, int]:
        """A tensor with the batch as one of its axes: read by the node itself, or by a node that reads its output."""
        for k, name in enumerate(node.input):
            sizes = list(zip(*self.shapes.get(name, ()), strict=True)) if k != position and name else []
            if name not in self.values and self.batches in sizes:
                return name, sizes.index(self.batches)
        beside = self.beside.get(node.output[0])
        if beside is None:
            raise _refused(node, position)
        return beside, 0

    def _widen(self, node: onnx.NodeProto) -> None:
        """A constant that is joined to tensors of every image (a class token) is repeated for every image."""
        moving = [name for name in node.input if self.shapes[name][0] != self.shapes[name][1]]
        if not moving or _attribute(node, "axis", 0) == 0:
            return
        for position, name in enumerate(node.input):
            shape = self.shapes[name][0]
            if name not in moving and shape[0] == self.fixed == 1 and self.shapes[moving[0]][1][0] == self.batches[1]:
                wide = f"{name}@{node.output[0]}"
                expand = helper.make_node("Expand", [name, ""], [wide], name=wide)
                self.beside[wide] = moving[0]
                self._build(expand, 1, [np.asarray([batch, *shape[1:]], dtype=np.int64) for batch in self.batches])
                self._infer(expand)
                self.nodes.append(expand)
                node.input[position] = wide

    def _constant(self, name: str, value: Array) -> str:
        if name not in self.initial:
            weight = numpy_helper.from_array(np.ascontiguousarray(value), name)
            self.model.graph.initializer.append(weight)
            self.initial[name] = weight
            self.shapes[name] = (value.shape,) * PROBES
            self.kinds[name] = weight.data_type
        return name

    def _infer(self, node: onnx.NodeProto) -> None:
        """Shapes of what a node makes, for each batch."""
        version = next(entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx"))
        found: list[dict[str, onnx.TypeProto]] = []
        for probe, batch in enumerate(self.batches):
            read = [name for name in node.input if name]
            types = {name: helper.make_tensor_type_proto(self.kinds[name], self.shapes[name][probe]) for name in read}
            data = {
                name: numpy_helper.from_array(np.asarray(self._value(name, probe)), name)
                for name in read
                if name in self.values or self._is_small(name)
            }
            try:
                schema = onnx.defs.get_schema(node.op_type, version)
                found.append(
                    onnx.shape_inference.infer_node_outputs(
                        schema, node, types, data, opset_imports=list(self.model.opset_import)
                    )
                )
            except INFERENCE_ERRORS as error:
                raise ConfigError(
                    f"node {node.name!r} ({node.op_type}) cannot take a batch of {batch}: {error}", to_do=OPEN_BATCH
                ) from error
        for name in filter(None, node.output):
            if name not in found[0]:
                continue  # an optional output that nobody asked for
            kinds = [types[name].tensor_type for types in found]
            shapes = tuple(tuple(dim.dim_value for dim in kind.shape.dim) for kind in kinds)
            if not all(
                kind.HasField("shape") and min(shape, default=1) > 0 for kind, shape in zip(kinds, shapes, strict=True)
            ):
                raise ConfigError(
                    f"the shape of tensor {name!r}, which node {node.name!r} ({node.op_type}) makes, is not known",
                    to_do="export the network without shapes that follow from the pixels; only the batch may vary",
                )
            self.kinds[name], self.shapes[name] = kinds[0].elem_type, shapes


def _refused(node: onnx.NodeProto, position: int) -> ConfigError:
    return ConfigError(
        f"input {position} of node {node.name!r} ({node.op_type}) follows the batch in a way that cannot be folded",
        where=f"tensor {node.input[position]!r}",
        to_do="export the network with a fixed shape there; only one axis may be the batch",
    )


def _allows_zero(node: onnx.NodeProto) -> bool:
    return bool(_attribute(node, "allowzero", 0))


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == name), default)


def _neighbours(model: onnx.ModelProto) -> dict[str, str]:
    """For tensors made without the pixels: a tensor made from them that is joined to it first."""
    from_image = {model.graph.input[0].name}
    beside: dict[str, str] = {}
    for node in model.graph.node:
        if node.op_type not in SHAPE_READERS and from_image & set(node.input):
            from_image |= set(node.output)
    for node in reversed(model.graph.node):
        other = next((name for name in node.input if name in from_image), None)
        if other is None:
            other = next((beside[name] for name in node.output if name in beside), None)
        if other is not None:
            beside |= {name: other for name in node.input if name and name not in from_image}
    return beside
