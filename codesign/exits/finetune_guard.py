"""How far a fine-tuned network may go from the one that was brought: as far as new images find it no worse.

Weights on the straight line between a network and its fine-tuned self mostly work (Wortsman et al., "Robust
fine-tuning of zero-shot models", arXiv:2109.01903), and the heads, which were trained at the start and then moved
along, keep their place on it.
"""

from __future__ import annotations

import torch

from codesign.backbones.slice_onnx import LOGITS
from runtime.contract.arrays import BoolArray
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

from .answers import answers
from .trainable_exits import TrainableExits
from .user_exits import UserNetwork

SHARES = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.0)  # of the way, the farthest first


def hold_back(
    network: UserNetwork, start: TrainableExits, tuned: TrainableExits, images: LabelledImages, spec: TensorSpec
) -> float:
    """Move `tuned`, in place, to the farthest share of the way at which the network alone is no worse than before.

    No allowance is made for noise: on ResNet-20 seven tenths of the way kept nearly all that the exits had gained, so
    going back costs little, while what noise would excuse on 1,500 images is half a point.

    Args:
        images: that neither was trained on; asked through ONNX Runtime, as everything that is reported.
    """
    before = full_right(network, start, images, spec)
    first, last = start.state_dict(), {name: value.clone() for name, value in tuned.state_dict().items()}
    for share in SHARES:
        state = {
            name: torch.lerp(first[name], value, share) if share < 1.0 and value.is_floating_point() else value
            for name, value in last.items()
        }
        tuned.load_state_dict(state if share > 0.0 else first)
        now = full_right(network, tuned, images, spec)
        if now.sum() >= before.sum():
            break
    return share


def full_right(network: UserNetwork, module: TrainableExits, images: LabelledImages, spec: TensorSpec) -> BoolArray:
    """(samples,): whether the network's own answer is the label; heads are not asked."""
    model = module.backbone.written_into(network.brought.model)
    right: BoolArray = answers(model, (LOGITS,), images.images, spec).predictions[0] == images.labels
    return right
