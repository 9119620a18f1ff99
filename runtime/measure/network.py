"""A subject ready to run with the serving engine's own stages, with a stamp after each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError, StorageError
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import full_depth
from runtime.engine.lane import FROM_IMAGE, Lane, Sources
from runtime.engine.provider import CPU, ON_CPU, Provider
from runtime.engine.stage import IMAGE, ORT_ERRORS, RANKS, Stage, open_session

from .plan import Subject

Step = Callable[[Mapping[str, FloatArray]], Sequence[FloatArray]]


class Network:
    """Stages and the image they are timed on: random bytes, preprocessed once, since preprocessing is not a stage."""

    def __init__(self, steps: Sequence[tuple[Step, Sources]], image: FloatArray) -> None:
        """`steps`: a stage, and for each of its inputs the output of the stage before that feeds it."""
        self._steps, self._image = tuple(steps), image

    @property
    def depth(self) -> int:
        """How many stages there are."""
        return len(self._steps)

    def run(self, depth: int, now_s: Callable[[], float]) -> list[float]:
        """Run the first `depth` stages; depth + 1 moments: before the first, and after each.

        Raises:
            EngineError: a stage fails.
        """
        outputs: Sequence[FloatArray] = ()
        image = self._image
        stamps_s = [now_s()]
        for step, sources in self._steps[:depth]:
            outputs = step({name: image if source == FROM_IMAGE else outputs[source] for name, source in sources})
            outputs[-1].ravel()[0].item()  # the cascade reads the entropy here before it decides
            stamps_s.append(now_s())
        return stamps_s


def load_network(subject: Subject, folder: Path, *, threads: int, seed: int, provider: Provider = ON_CPU) -> Network:
    """Load the stages of a subject.

    Raises:
        StorageError: a file cannot be read.
        ConfigError: ONNX Runtime was built without the provider.
        EngineError: a stage cannot be loaded or run as asked, or asks for what the one before does not hand on.
    """
    spec = subject.input
    pixels = np.random.default_rng(seed).integers(0, 256, (1, spec.height, spec.width, 3), dtype=np.uint8)
    image = Preprocessing(spec)(pixels)
    models = [(_bytes(folder / name), str(folder / name)) for name in subject.stages]
    if len(models) == 1:
        model, where = models[0]
        session = open_session(model, where=where, threads=threads, provider=provider)
        if not RANKS.keys() <= {output.name for output in session.get_outputs()}:
            return Network([_plain(session, where)], image)
    stages = [Stage(model, where=where, threads=threads, provider=provider) for model, where in models]
    full_depth(stages)  # refuses stages that do not fit together, as the engine would
    plan = [(stage, _sources(stages, index)) for index, stage in enumerate(stages)]
    return Network(_bound(plan, image) if all(stage.provider == CPU for stage in stages) else plan, image)


def _bound(plan: Sequence[tuple[Stage, Sources]], image: FloatArray) -> list[tuple[Step, Sources]]:
    """Stages as the engine runs them on a CPU: in tensors laid out once."""
    lane = Lane(plan, image.shape)
    lane.image[...] = image

    def step(index: int) -> Step:
        return lambda _: lane.run(index)

    return [(step(index), ()) for index in range(len(plan))]


def _sources(stages: Sequence[Stage], index: int) -> Sources:
    handed_on = stages[index - 1].hands_on if index else ()
    return tuple((name, FROM_IMAGE if name == IMAGE else handed_on.index(name)) for name in stages[index].inputs)


def _plain(session: Any, where: str) -> tuple[Step, Sources]:
    """A network that is no stage: one image in, whatever comes out."""
    inputs = [tensor.name for tensor in session.get_inputs()]
    if len(inputs) != 1:
        raise EngineError(
            f"a network without exits takes one image; this one takes {inputs}",
            where=where,
            to_do="list all of its stages in the plan, the first one first",
        )
    names = [output.name for output in session.get_outputs()]

    def step(feeds: Mapping[str, FloatArray]) -> Sequence[FloatArray]:
        try:
            outputs: Sequence[FloatArray] = session.run(names, feeds)
        except ORT_ERRORS as error:
            shape = feeds[inputs[0]].shape
            raise EngineError(
                f"a network failed on an image of shape {shape}: {error}",
                where=where,
                to_do="give the input that the network was made for in the plan",
            ) from error
        return outputs

    return step, ((inputs[0], FROM_IMAGE),)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"a stage cannot be read: {error.strerror}", where=str(path), to_do="copy the plan's folder again"
        ) from error
