"""The running mean of a network's weights while it trains: the state that is kept, steadier than any single step's."""

from __future__ import annotations

import torch
from torch import Tensor, nn

DECAY = 0.998  # a memory of some 500 steps
RISE = 10.0  # the first steps forget faster: the start is not yet worth remembering


class AveragedWeights(nn.Module):
    """Copies of a network's parameters and buffers; part of a training's state, so a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.names = tuple(network.state_dict())
        for number, value in enumerate(network.state_dict().values()):
            self.register_buffer(f"mean_{number}", value.detach().clone())

    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 1; counters and other integers are copied."""
        share = 1.0 - min(DECAY, step / (step + RISE))
        with torch.no_grad():
            for mean, value in zip(self.buffers(), network.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value, share)
                else:
                    mean.copy_(value)

    def means(self) -> dict[str, Tensor]:
        """A state for the network."""
        return dict(zip(self.names, self.buffers(), strict=True))
