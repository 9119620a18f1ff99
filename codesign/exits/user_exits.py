"""Where a user's own network gets exits and which heads they have; its weights are not touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from onnx import helper

from codesign.backbones.onnx_work import infer_shapes
from codesign.backbones.user_model import UserModel
from runtime.contract.work import Work

from .attach import with_exits
from .deep_head import BLOCKS, DeepHead, HeadShape, head_shape
from .exited_backbone import ExitedBackbone, exited_backbone

# Share of the work that leaving saves which a head may cost. A deep head earns a third; a light one, near the end,
# where there is little left to save, up to half.
MAX_SHARES = {"deep": 0.35, "light": 0.5}


@dataclass(frozen=True, slots=True)
class UserNetwork:
    """A user's network and the heads it is to have, by the tensor each reads, in the order of the graph."""

    brought: UserModel
    heads: dict[str, HeadShape]


def user_network(brought: UserModel) -> UserNetwork:
    """At each place the deepest head that can pay; no exit where none can."""
    features = infer_shapes(brought.model)
    offered: dict[str, dict[str, Work]] = {}
    for kind in BLOCKS:
        shapes = {cut: head_shape(kind, features[cut], brought.classes) for cut in brought.exits}
        untrained = exited(UserNetwork(brought, shapes), [DeepHead(shape) for shape in shapes.values()])
        offered[kind] = dict(zip(shapes, untrained.heads, strict=True))
    chosen, left = {}, brought.macs
    for cut, block in zip(brought.exits, brought.blocks, strict=False):
        left -= block.macs
        for kind, share in MAX_SHARES.items():
            if offered[kind][cut].macs <= share * left:
                chosen[cut] = head_shape(kind, features[cut], brought.classes)
                break
    return UserNetwork(brought, chosen)


def exited(network: UserNetwork, heads: Sequence[DeepHead]) -> ExitedBackbone:
    """The network with its heads, one per place, its work counted. Raises ConfigError where a head does not fit."""
    for head in heads:
        head.eval()
    cuts = tuple(network.heads)
    return exited_backbone(with_exits(network.brought.model, dict(zip(cuts, heads, strict=True))), cuts, cuts)


def with_features(network: UserNetwork) -> onnx.ModelProto:
    """The network with every tensor that a head reads as a further output, in their order, after the logits."""
    model = onnx.ModelProto()
    model.CopyFrom(network.brought.model)
    shapes = infer_shapes(model)
    for cut in network.heads:
        dims: list[str | int | None] = ["batch", *shapes[cut][1:]]
        model.graph.output.append(helper.make_tensor_value_info(cut, onnx.TensorProto.FLOAT, dims))
    return model
