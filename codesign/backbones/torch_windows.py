"""Convolutions and pooling of ONNX graphs in torch: windows with pads on either side, given or worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Attributes = Mapping[str, Any]


def convolution(at: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Conv over one or two axes."""
    kernel, half = list(weight.shape[2:]), weight.ndim - 2
    pads = _pads(x, kernel, at)
    symmetric = pads[:half] == pads[half:]
    convolve = functional.conv1d if half == 1 else functional.conv2d
    found: Tensor = convolve(
        x if symmetric else padded(x, pads),
        weight,
        bias,
        stride=_strides(kernel, at),
        padding=pads[:half] if symmetric else 0,
        dilation=_dilations(kernel, at),
        groups=at.get("group", 1),
    )
    return found


def average_pool(at: Attributes, x: Tensor) -> Tensor:
    """AveragePool over two axes; pads count only where the graph says so."""
    kernel = list(at["kernel_shape"])
    pads, ceil = _pads(x, kernel, at), bool(at.get("ceil_mode", 0))

    def mean(tensor: Tensor) -> Tensor:
        return functional.avg_pool2d(padded(tensor, pads), kernel, _strides(kernel, at), ceil_mode=ceil)

    if at.get("count_include_pad", 0) or not any(pads):
        return mean(x)
    return mean(x) / mean(torch.ones_like(x[:1, :1]))


def max_pool(at: Attributes, x: Tensor) -> Tensor:
    """MaxPool over two axes."""
    kernel = list(at["kernel_shape"])
    pooled: Tensor = functional.max_pool2d(
        padded(x, _pads(x, kernel, at), -torch.inf),
        kernel,
        _strides(kernel, at),
        dilation=_dilations(kernel, at),
        ceil_mode=bool(at.get("ceil_mode", 0)),
    )
    return pooled


def padded(x: Tensor, pads: Sequence[int], value: float = 0.0, mode: str = "constant") -> Tensor:
    """Pads of the last axes as ONNX lists them, all beginnings before all ends."""
    half = len(pads) // 2
    while half and not pads[0] and not pads[half]:  # torch pads the last axes only, and some modes only two of them
        pads, half = [*pads[1:half], *pads[half + 1 :]], half - 1
    turned = [side for axis in reversed(range(half)) for side in (pads[axis], pads[axis + half])]
    return functional.pad(x, turned, mode, value) if turned else x


def _pads(x: Tensor, kernel: Sequence[int], at: Attributes) -> list[int]:
    how = at.get("auto_pad", b"NOTSET")
    if how in (b"NOTSET", b"VALID"):
        return list(at.get("pads", [0] * 2 * len(kernel)))
    windows = zip(x.shape[2:], kernel, _strides(kernel, at), _dilations(kernel, at), strict=True)
    totals = [
        max((-(-size // stride) - 1) * stride + (window - 1) * dilation + 1 - size, 0)
        for size, window, stride, dilation in windows
    ]
    less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
    return less + more if how == b"SAME_UPPER" else more + less


def _strides(kernel: Sequence[int], at: Attributes) -> list[int]:
    return list(at.get("strides", [1] * len(kernel)))


def _dilations(kernel: Sequence[int], at: Attributes) -> list[int]:
    return list(at.get("dilations", [1] * len(kernel)))
