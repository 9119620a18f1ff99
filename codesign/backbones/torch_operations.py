"""What ONNX operations compute, in torch, so that a network brought as ONNX can be trained.

Meanings are those of operator sets 13 to 21, the ones `user_file` lets through. Whoever adds an operation need not
fear a subtle difference: a network is trained only once it has answered here as it does in ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnx import NodeProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from .torch_windows import Attributes, average_pool, convolution, max_pool, padded

# Attributes, then the inputs in their order (None: left out); some operations have several outputs.
Operation = Callable[..., Tensor | Sequence[Tensor]]
KINDS = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 11: torch.float64}


def _numbers(tensor: Tensor) -> list[int]:
    return [int(value) for value in tensor.reshape(-1).tolist()]


def _axes(at: Attributes, x: Tensor, axes: Tensor | None) -> list[int]:
    """Of a reduction: an input of newer operator sets, an attribute of older ones, or all."""
    if axes is not None:
        return _numbers(axes)
    return list(at.get("axes", [] if at.get("noop_with_empty_axes", 0) else range(x.ndim)))


def _mean(at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    over = _axes(at, x, axes)
    return x.mean(dim=over, keepdim=bool(at.get("keepdims", 1))) if over else x


def _sum(at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    over = _axes(at, x, axes)
    return x.sum(dim=over, keepdim=bool(at.get("keepdims", 1))) if over else x


def _max(at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    over = _axes(at, x, axes)
    return x.amax(dim=over, keepdim=bool(at.get("keepdims", 1))) if over else x


def _gemm(at: Attributes, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    product = (a.T if at.get("transA", 0) else a) @ (b.T if at.get("transB", 0) else b)
    product = product * float(at.get("alpha", 1.0))
    return product if c is None else product + float(at.get("beta", 1.0)) * c


def _batch_norm(at: Attributes, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """With the statistics of the file: twelve thousand images are no reason to forget what a million taught."""
    return functional.batch_norm(x, mean, var, scale, bias, training=False, eps=at.get("epsilon", 1e-5))


def _layer_norm(at: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    shape = list(x.shape[at.get("axis", -1) :])
    return functional.layer_norm(x, shape, scale, bias, at.get("epsilon", 1e-5))


def _gelu(at: Attributes, x: Tensor) -> Tensor:
    return functional.gelu(x, approximate=at.get("approximate", b"none").decode())


def _hard_sigmoid(at: Attributes, x: Tensor) -> Tensor:
    return torch.clamp(at.get("alpha", 0.2) * x + at.get("beta", 0.5), 0.0, 1.0)


def _clip(_at: Attributes, x: Tensor, least: Tensor | None = None, most: Tensor | None = None) -> Tensor:
    return x if least is None and most is None else torch.clamp(x, least, most)


def _reshape(at: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    wanted = _numbers(shape)
    if not at.get("allowzero", 0):
        wanted = [x.shape[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    return x.reshape(wanted)


def _flatten(at: Attributes, x: Tensor) -> Tensor:
    axis = at.get("axis", 1) % (x.ndim + 1)
    return x.reshape(int(torch.Size(x.shape[:axis]).numel()), -1)


def _squeeze(_at: Attributes, x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(_numbers(axes))


def _unsqueeze(_at: Attributes, x: Tensor, axes: Tensor) -> Tensor:
    rank = x.ndim + axes.numel()
    for axis in sorted(axis % rank for axis in _numbers(axes)):
        x = x.unsqueeze(axis)
    return x


def _slice(
    _at: Attributes, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    begins, along = _numbers(starts), range(starts.numel()) if axes is None else _numbers(axes)
    strides = [1] * len(begins) if steps is None else _numbers(steps)
    for axis, begin, end, step in zip(along, begins, _numbers(ends), strides, strict=True):
        size = x.shape[axis]
        if step > 0:
            x = x[(slice(None),) * (axis % x.ndim) + (slice(begin, min(end, size), step),)]
        else:  # torch has no negative steps
            places = range(size)[begin : None if end < -size else end : step]
            x = x.index_select(axis, torch.tensor(places, dtype=torch.int64))
    return x


def _split(at: Attributes, x: Tensor, sizes: Tensor | None = None) -> Sequence[Tensor]:
    axis = at.get("axis", 0)
    each = -(-x.shape[axis] // at["outputs"]) if sizes is None else _numbers(sizes)
    return torch.split(x, each, dim=axis)


def _gather(at: Attributes, x: Tensor, indices: Tensor) -> Tensor:
    axis = at.get("axis", 0) % x.ndim
    flat = indices.reshape(-1).long() % x.shape[axis]
    return x.index_select(axis, flat).reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def _pad(at: Attributes, x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None) -> Tensor:
    given, rank = _numbers(pads), x.ndim
    along = range(rank) if axes is None else [axis % rank for axis in _numbers(axes)]
    whole = [0] * 2 * rank
    for number, axis in enumerate(along):
        whole[axis], whole[axis + rank] = given[number], given[number + len(given) // 2]
    mode = {b"constant": "constant", b"edge": "replicate", b"reflect": "reflect"}[at.get("mode", b"constant")]
    return padded(x, whole, 0.0 if value is None else float(value), mode)


def _constant_of_shape(at: Attributes, shape: Tensor) -> Tensor:
    value = torch.zeros(1) if "value" not in at else torch.from_numpy(numpy_helper.to_array(at["value"]).copy())
    return value.expand(_numbers(shape)) if shape.numel() else value.reshape(())


def _shape(at: Attributes, x: Tensor) -> Tensor:
    return torch.tensor(list(x.shape)[at.get("start", 0) : at.get("end")], dtype=torch.int64)


def _expand(_at: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    wanted = _numbers(shape)
    wanted = [1] * (x.ndim - len(wanted)) + wanted
    sizes = [1] * (len(wanted) - x.ndim) + list(x.shape)
    return x.expand([max(size, other) for size, other in zip(sizes, wanted, strict=True)])


def _division(_at: Attributes, x: Tensor, by: Tensor) -> Tensor:
    return x / by if x.is_floating_point() else torch.div(x, by, rounding_mode="trunc")


OPERATIONS: dict[str, Operation] = {
    "Abs": lambda _at, x: x.abs(),
    "Add": lambda _at, x, y: x + y,
    "AveragePool": average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": lambda at, x: x.to(KINDS[at["to"]]),
    "Clip": _clip,
    "Concat": lambda at, *tensors: torch.cat(tensors, dim=at["axis"]),
    "ConstantOfShape": _constant_of_shape,
    "Conv": convolution,
    "Div": _division,
    "Dropout": lambda _at, x, *_rest: x,
    "Elu": lambda at, x: functional.elu(x, at.get("alpha", 1.0)),
    "Erf": lambda _at, x: torch.erf(x),
    "Exp": lambda _at, x: x.exp(),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _at, x: x.mean(dim=tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda _at, x: x.amax(dim=tuple(range(2, x.ndim)), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda _at, x: functional.hardswish(x),
    "Identity": lambda _at, x: x,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda at, x: functional.leaky_relu(x, at.get("alpha", 0.01)),
    "Log": lambda _at, x: x.log(),
    "MatMul": lambda _at, x, y: x @ y,
    "MaxPool": max_pool,
    "Mish": lambda _at, x: functional.mish(x),
    "Mul": lambda _at, x, y: x * y,
    "Neg": lambda _at, x: -x,
    "PRelu": lambda _at, x, slope: torch.where(x < 0, slope * x, x),
    "Pad": _pad,
    "Pow": lambda _at, x, y: x**y,
    "Reciprocal": lambda _at, x: 1 / x,
    "ReduceMax": _max,
    "ReduceMean": _mean,
    "ReduceSum": _sum,
    "Relu": lambda _at, x: functional.relu(x),
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": lambda _at, x: x.sigmoid(),
    "Slice": _slice,
    "Softmax": lambda at, x: x.softmax(dim=at.get("axis", -1)),
    "Softplus": lambda _at, x: functional.softplus(x),
    "Split": _split,
    "Sqrt": lambda _at, x: x.sqrt(),
    "Squeeze": _squeeze,
    "Sub": lambda _at, x, y: x - y,
    "Tanh": lambda _at, x: x.tanh(),
    "Transpose": lambda at, x: x.permute(*at.get("perm", range(x.ndim - 1, -1, -1))),
    "Unsqueeze": _unsqueeze,
    "Where": lambda _at, chosen, x, y: torch.where(chosen, x, y),
}


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """A node's attributes by name, and under `outputs` how many tensors it makes, which Split goes by."""
    given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    return given | {"outputs": len(node.output)}
