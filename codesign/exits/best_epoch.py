"""The epoch of a training that did best on images it was not trained on: its weights are kept, not the last one's.

Exits become better with every epoch, while the network's own last answer is at its best early and then learns the
training images by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from runtime.contract.arrays import FloatArray
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

from .trainable_exits import TrainableExits

BATCH = 256

Score = tuple[float, float]  # compared in order: what the network alone lost, at best 0, then how good its exits are
Judge = Callable[[TrainableExits], Score]


class BestEpoch(nn.Module):
    """A copy of the best weights so far with their score; part of a training's state, so a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.names = tuple(network.state_dict())
        for number, value in enumerate(network.state_dict().values()):
            self.register_buffer(f"best_{number}", value.detach().clone())
        self.register_buffer("score", torch.full((2,), -torch.inf, dtype=torch.float64))

    def offer(self, state: Mapping[str, Tensor], score: Score) -> None:
        """Keep a state that scores better than any before it."""
        if score > tuple(self._score.tolist()):
            self._score.copy_(torch.tensor(score, dtype=torch.float64))
            for kept, name in zip(self._weights, self.names, strict=True):
                kept.copy_(state[name])

    def best(self) -> dict[str, Tensor]:
        """A state for the network; what it was at first where nothing was offered."""
        return dict(zip(self.names, self._weights, strict=True))

    @property
    def _weights(self) -> list[Tensor]:
        return [value for name, value in self.named_buffers() if name != "score"]

    @property
    def _score(self) -> Tensor:
        return self.get_buffer("score")


def judged_on(start: TrainableExits, images: LabelledImages, spec: TensorSpec) -> Judge:
    """Scores a network: first it must be, without exits, no worse than `start` was; then its exits count.

    Args:
        images: that neither was trained on.
    """
    before = float(exits_right(start, images, spec)[-1])

    def judge(network: TrainableExits) -> Score:
        *early, last = exits_right(network, images, spec).tolist()
        return min(last - before, 0.0), float(np.mean(early)) if early else 0.0

    return judge


def exits_right(network: TrainableExits, images: LabelledImages, spec: TensorSpec) -> FloatArray:
    """(exits + 1,): the share of images that each exit, the last the network itself, gets right; in eval mode."""
    preprocess, rights, training = Preprocessing(spec), [], network.training
    network.eval()
    with torch.no_grad():
        for start in range(0, len(images.labels), BATCH):
            batch = torch.from_numpy(preprocess(images.images[start : start + BATCH]))
            told = torch.stack(network(batch.contiguous(memory_format=torch.channels_last))).argmax(dim=2)
            rights.append(told.numpy() == images.labels[start : start + BATCH])
    network.train(training)
    shares: FloatArray = np.concatenate(rights, axis=1).mean(axis=1)
    return shares
