"""codesign/backbones/gradient_scaling.py"""

from __future__ import annotations

import pytest
import torch

from codesign.backbones.gradient_scaling import scaled_gradient


def test_values_stay_and_gradients_are_scaled() -> None:
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    scaled = scaled_gradient(x, 0.25)
    assert torch.equal(scaled, x)
    torch.autograd.backward(scaled.sum())
    assert x.grad is not None
    assert x.grad.tolist() == [0.25, 0.25]


@pytest.mark.parametrize("exits", [1, 2, 5])
def test_in_equilibrium_every_exit_has_the_same_weight_in_the_first_block(exits: int) -> None:
    first = torch.tensor(1.0, requires_grad=True)
    x, losses = first, []
    for left in range(exits, 1, -1):
        losses.append(scaled_gradient(x, 1 / left))
        x = scaled_gradient(x, (left - 1) / left)
    losses.append(x)
    for loss in losses:
        (weight,) = torch.autograd.grad(loss, first, retain_graph=True)
        assert float(weight) == pytest.approx(1 / exits)
