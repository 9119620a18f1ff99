"""Where a graph can be cut: tensors through which every path from the image to the logits runs."""

from __future__ import annotations

import onnx


def cut_points(model: onnx.ModelProto) -> tuple[str, ...]:
    """Names of all such tensors in the order of the graph; the image and the logits are none.

    Going through the nodes in their order, a tensor is one exactly when, once it is there, nothing else that was made
    from the image is still needed. (Were another tensor needed later, its path would pass the first by; and if every
    path runs through a tensor, whatever else is there has been used up.)
    """
    image, logits = model.graph.input[0].name, model.graph.output[0].name
    readers: dict[str, int] = {}
    for node in model.graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    alive, from_image, found = {image}, {image}, []
    for node in model.graph.node:
        read = [name for name in node.input if name in from_image]
        if not read:
            continue  # made of weights alone
        for name in read:
            readers[name] -= 1
        alive -= {name for name in read if readers[name] == 0}
        made = [name for name in node.output if name]
        from_image |= set(made)
        alive |= {name for name in made if readers.get(name, 0) > 0}
        if len(alive) == 1 and alive <= set(made):
            (only,) = alive
            if only != logits:
                found.append(only)
    return tuple(found)
