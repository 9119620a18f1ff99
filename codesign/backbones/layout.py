"""Memory layout: channels last, which is what convolutions on CPUs are fastest in."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def channels_last(network: Network) -> Network:
    """The same network with its weights in channels-last memory."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
