"""A user's network and its heads as one module that can be trained, and what becomes of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from codesign.backbones.layout import channels_last
from codesign.backbones.trainable_onnx import TrainableOnnx, opened
from codesign.backbones.user_model import UserModel

from .answers import onnx_session
from .deep_head import DeepHead
from .user_exits import UserNetwork

# Share of the work before an exit that is trained with the network. Earlier ones pull at features that all others
# need, later ones save little, and each head makes training longer.
EARLIEST, LATEST = 0.3, 0.85
PROBES = 2  # random images on which torch must answer as ONNX Runtime does


class TrainableExits(nn.Module):
    """Images to the logits of every exit in order, the network's own last."""

    def __init__(self, backbone: TrainableOnnx, heads: Sequence[DeepHead], cuts: Sequence[str]) -> None:
        super().__init__()
        self.backbone, self.heads, self.cuts = backbone, nn.ModuleList(heads), tuple(cuts)
        channels_last(self.heads)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(batch, …) as the network wants them; gradients in training are in equilibrium."""
        logits, features = self.backbone(images, self.cuts, balanced=self.training)
        return [head(tensor) for head, tensor in zip(self.heads, features, strict=True)] + [logits]

    def written_into(self, network: UserNetwork) -> tuple[UserNetwork, list[DeepHead]]:
        """The user's network with the weights as they are here, and copies of the heads in eval mode."""
        model = self.backbone.written_into(network.brought.model)
        heads = [DeepHead(shape) for shape in network.heads.values()]
        for head, trained in zip(heads, self.heads, strict=True):
            head.load_state_dict(deepcopy(trained.state_dict()))
            head.eval()
        return replace(network, brought=replace(network.brought, model=model)), heads


def worth_training(network: UserNetwork) -> UserNetwork:
    """The network with the exits alone that are to be trained with it; with all of them where none lies in between."""
    macs = np.cumsum([block.macs for block in network.brought.blocks])
    shares = dict(zip(network.brought.exits, macs / macs[-1], strict=False))
    kept = {cut: head for cut, head in network.heads.items() if EARLIEST <= shares[cut] <= LATEST}
    return replace(network, heads=kept or network.heads)


def trainable(network: UserNetwork, heads: Sequence[DeepHead]) -> TrainableExits:
    """The network opened for training, with copies of its heads.

    Raises:
        ConfigError: an operation without a gradient, or answers that differ from ONNX Runtime's.
    """
    return TrainableExits(opened_backbone(network.brought), deepcopy(list(heads)), tuple(network.heads))


def opened_backbone(brought: UserModel) -> TrainableOnnx:
    """The network without heads, opened for training. Raises ConfigError as `trainable` does."""
    shape = (3, brought.height, brought.width) if brought.layout == "NCHW" else (brought.height, brought.width, 3)
    images = np.random.default_rng(0).normal(size=(PROBES, *shape)).astype(np.float32)
    session = onnx_session(brought.model, 1)
    expected = session.run([brought.model.graph.output[0].name], {session.get_inputs()[0].name: images})[0]
    return opened(brought.model, images, expected)
