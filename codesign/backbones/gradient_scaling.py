"""A tensor whose gradient is scaled on its way back, so that many exits do not shout down one backbone.

Gradient equilibrium (Li et al., "Improved techniques for training adaptive deep networks", arXiv:1908.06294, section
3.1): where exit i of k reads its features, the gradient from the exit is multiplied by 1/(k-i+1) and the one from all
later exits by (k-i)/(k-i+1). Every block then gets the mean of the gradients of the exits behind it, and their
variance does not grow with the number of exits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, factor: float) -> Tensor:
        context.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * context.factor, None


def scaled_gradient(x: Tensor, factor: float) -> Tensor:
    """The same tensor; what comes back to it is multiplied by `factor`."""
    scaled: Tensor = _Scaled.apply(x, factor)  # type: ignore[no-untyped-call]
    return scaled
