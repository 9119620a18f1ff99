"""A trained classifier that somebody brings as ONNX: checked, folded, and under the names of the house.

Weights stay as they are, bit for bit. What changes are names (`image`, `logits`), constants that were worked out at run
time, and a softmax at the very end, which is left off: entropy is taken of logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx

from runtime.contract.errors import ConfigError
from runtime.contract.work import Work

from .accepted_operations import check_operations
from .cut_points import cut_points
from .onnx_work import infer_shapes, works_of
from .open_batch import with_open_batch
from .same_answers import check_same_answers
from .slice_onnx import IMAGE, LOGITS
from .user_file import read_user_file, user_file_sha256

CHANNELS = 3
LAYOUTS = {"NCHW": 1, "NHWC": 3}  # where the channels are
EARLIEST, LATEST = 0.05, 0.97  # share of the work before the first and the last place worth an exit
MAX_EXITS = 9  # places are thinned to this many, evenly in work


@dataclass(frozen=True, slots=True)
class UserModel:
    """One network of a chain."""

    name: str
    model: onnx.ModelProto  # `image` to `logits`
    layout: str  # NCHW or NHWC
    height: int
    width: int
    classes: int
    exits: tuple[str, ...]  # tensors that an exit may read, in order
    blocks: tuple[Work, ...]  # up to each exit from the one before, then to the logits
    sha256: str  # of the file as it was brought

    @property
    def macs(self) -> float:
        """Multiply-accumulates of one image."""
        return sum(work.macs for work in self.blocks)


def load_user_model(file: Path, size: tuple[int, int] | None = None, layout: str | None = None) -> UserModel:
    """Read, check and fold a classifier.

    Args:
        file: the ONNX file; weights may lie beside it in files of their own.
        size: height and width, where the graph leaves them open.
        layout: NCHW or NHWC, where the graph leaves its channels open or three could be a side.
    Raises:
        ConfigError: no ONNX file, several inputs or outputs, another input than float32 images of three channels,
            sizes that are not known, an operation that cannot be cut or counted, a batch that cannot be opened, no
            place to cut, or answers that change by any of this; names the node.
    """
    try:
        return _prepared(read_user_file(file), file, size, layout)
    except ConfigError as error:
        where = str(file) if error.where is None else f"{file}: {error.where}"
        raise ConfigError(error.what, where=where, to_do=error.to_do) from error


def _prepared(brought: onnx.ModelProto, file: Path, size: tuple[int, int] | None, layout: str | None) -> UserModel:
    check_operations(brought)
    image = _only_input(brought)
    if len(brought.graph.output) != 1:
        names = ", ".join(value.name for value in brought.graph.output)
        raise ConfigError(
            f"the network has {len(brought.graph.output)} outputs: {names}",
            to_do="export the logits alone (onnx.utils.extract_model cuts a graph to one output)",
        )
    layout, height, width = _fix_sizes(image, size, layout)
    model = with_open_batch(brought)
    batch, *sizes = (dim.dim_value for dim in image.type.tensor_type.shape.dim)
    check_same_answers(brought, model, tuple(sizes), batch)
    model = _without_softmax(model)
    classes = _classes(model)
    _rename(model, {model.graph.input[0].name: IMAGE, model.graph.output[0].name: LOGITS})
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ConfigError(f"the graph is not sound: {error}", to_do="export the network again") from error
    places = cut_points(model)
    if not places:
        raise ConfigError(
            "there is no place to cut: no tensor carries everything from the image to the logits",
            to_do="the network can serve as a whole in a chain with another one, but needs a bottleneck for exits",
        )
    exits, blocks = _worth_an_exit(model, places)
    return UserModel(file.stem, model, layout, height, width, classes, exits, blocks, user_file_sha256(file))


def _only_input(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs)
        raise ConfigError(
            f"the network has {len(inputs)} inputs: {names}",
            to_do="export it with the image alone as input",
        )
    image: onnx.ValueInfoProto = inputs[0]
    tensor = image.type.tensor_type
    if tensor.elem_type != onnx.TensorProto.FLOAT or len(tensor.shape.dim) != 4:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type)
        raise ConfigError(
            f"the input {image.name!r} must be float images of four axes, got {kind} of {len(tensor.shape.dim)}",
            to_do="export the network for float32 (batch, 3, height, width) or (batch, height, width, 3)",
        )
    return image


def _fix_sizes(image: onnx.ValueInfoProto, size: tuple[int, int] | None, layout: str | None) -> tuple[str, int, int]:
    dims = image.type.tensor_type.shape.dim
    if layout is not None and not dims[LAYOUTS[layout]].dim_value:
        dims[LAYOUTS[layout]].dim_value = CHANNELS
    channels_at = [axis for axis in LAYOUTS.values() if dims[axis].dim_value == CHANNELS]
    if layout is not None and channels_at and LAYOUTS[layout] not in channels_at:
        raise ConfigError(
            f"--layout says {layout}, but axis {channels_at[0]} of {image.name!r} holds the {CHANNELS} channels",
            to_do="leave --layout out where the graph says it",
        )
    if not channels_at:
        raise ConfigError(
            f"the input {image.name!r} has no axis of {CHANNELS} channels",
            to_do="give a network for RGB images, and --layout where it leaves its channels open",
        )
    layout = layout or ("NCHW" if channels_at[0] == LAYOUTS["NCHW"] else "NHWC")
    for axis, given in zip((2, 3) if layout == "NCHW" else (1, 2), size or (0, 0), strict=True):
        if dims[axis].dim_value and given and dims[axis].dim_value != given:
            raise ConfigError(
                f"the network takes {dims[axis].dim_value} pixels, --size says {given}",
                to_do="leave --size out where the graph has fixed sizes",
            )
        if not dims[axis].dim_value:
            if not given:
                raise ConfigError(f"the size of the images is open: axis {axis} of {image.name!r}", to_do="give --size")
            dims[axis].dim_value = given
    height, width = (dims[axis].dim_value for axis in ((2, 3) if layout == "NCHW" else (1, 2)))
    return layout, height, width


def _without_softmax(model: onnx.ModelProto) -> onnx.ModelProto:
    outputs = {value.name: value for value in model.graph.output}
    last = [node for node in model.graph.node if node.op_type == "Softmax" and node.output[0] in outputs]
    for node in last:
        outputs[node.output[0]].name = node.input[0]
        model.graph.node.remove(node)
    return model


def _classes(model: onnx.ModelProto) -> int:
    name = model.graph.output[0].name
    one, two = (infer_shapes(model, batch).get(name, ()) for batch in (1, 2))
    if len(one) != 2 or two != (2, one[1]) or one[1] < 2:
        raise ConfigError(
            f"the output {name!r} must be logits (batch, classes), got {one or 'an unknown shape'}",
            to_do="export a classifier with one score per class, and the batch left open",
        )
    output = model.graph.output[0].type.tensor_type
    output.elem_type = onnx.TensorProto.FLOAT
    output.ClearField("shape")
    for dim in ({"dim_param": "batch"}, {"dim_value": one[1]}):
        output.shape.dim.add(**dim)
    return one[1]


def _rename(model: onnx.ModelProto, names: dict[str, str]) -> None:
    taken = {output for node in model.graph.node for output in node.output} | {w.name for w in model.graph.initializer}
    away = {name: f"{name}@brought" for name in names.values() if name in taken and name not in names}
    names = {**away, **names}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        value.name = names.get(value.name, value.name)


def _worth_an_exit(model: onnx.ModelProto, places: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Work, ...]]:
    """Of places without work between them the last one (after the activation); none where there is nothing to save."""
    works = works_of(model, [*places, LOGITS])
    total = sum(work.macs for work in works)
    done, candidates = 0.0, []
    shapes, twice = infer_shapes(model), infer_shapes(model, 2)
    for place, work, after in zip(places, works, works[1:], strict=False):
        done += work.macs
        # Pooled features have nothing left to look at; features of all images joined in one axis are nobody's.
        maps = len(shapes[place]) in (3, 4) and max(shapes[place][2:]) > 1
        by_image = twice[place] == (2, *shapes[place][1:])
        if after.macs > 0 and maps and by_image and EARLIEST <= done / total <= LATEST:
            candidates.append((place, done))
    while len(candidates) > MAX_EXITS:
        gaps = [later[1] - earlier[1] for earlier, later in zip(candidates[:-2], candidates[2:], strict=True)]
        del candidates[1 + gaps.index(min(gaps))]
    exits = tuple(place for place, _ in candidates)
    return exits, works_of(model, [*exits, LOGITS])
