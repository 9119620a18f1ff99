"""Runs the stages of a design in order until the exit policy says leave.

A single image goes through tensors that were laid out once (`lane`) where every stage runs on the CPU; a batch as numpy
arrays; and what a GPU runs as its stages hand it on, which need not be to the host (`AnyStage`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from time import perf_counter
from typing import NamedTuple

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import EngineError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import ENTROPY, SCORES

from .any_stage import AnyStage
from .lane import FROM_IMAGE, Lanes, Sources
from .provider import CPU
from .stage import IMAGE, Stage

NOT_YET = -1


class Departure(NamedTuple):
    """Where one image left, and with what."""

    logits: FloatArray  # (1, classes)
    exit_index: int
    entropy_nats: float
    usual_exit_index: int | None = None  # where a cascade's `usual` policy would have let it leave
    usual_entropy_nats: float | None = None  # there


class Departures(NamedTuple):
    """The same for a batch, in the order the images came."""

    logits: FloatArray  # (batch, classes)
    exit_index: IntArray  # (batch,)
    entropy_nats: FloatArray  # (batch,)
    left_after_s: FloatArray  # (batch,) from the start of the batch until its stage had run
    usual_exit_index: IntArray | None = None  # (batch,) where a cascade's `usual` policy would have let it leave
    usual_entropy_nats: FloatArray | None = None  # (batch,) there


class Cascade:
    """Stages and the policy over their exits. Several threads may share it: each call has a lane of its own."""

    __slots__ = ("_clock", "_lanes", "_plan", "_score", "_usual", "policy", "stages")

    def __init__(
        self,
        stages: Sequence[AnyStage],
        policy: ExitPolicy,
        *,
        usual: ExitPolicy | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Resolve once which output feeds which input.

        Args:
            usual: a policy that lets nothing stay longer than `policy` does: departures tell what it would have done.
        Raises:
            EngineError: thresholds for another number of stages, a stage that asks for what nobody hands it, or a
                `usual` policy that is not known in full when images leave.
        """
        if usual is not None and not _known_by_then(usual, policy):
            raise EngineError(
                f"what {usual} would have done is not known where images leave by {policy}",
                to_do="give thresholds of the same score that are nowhere above the usual ones",
            )
        if len(stages) != policy.stages:
            raise EngineError(
                f"{len(stages)} stages need {max(len(stages) - 1, 0)} thresholds, got {len(policy.thresholds_nats)}",
                where=stages[0].where if stages else None,
                to_do="compile the bundle again",
            )
        self.stages, self.policy, self._usual, self._clock = tuple(stages), policy, usual, clock
        self._score = None if policy.score == ENTROPY else SCORES[policy.score]
        self._plan = tuple(
            (index, stage, _sources(stage, stages[index - 1] if index else None)) for index, stage in enumerate(stages)
        )
        bound = [(s, sources) for _, s, sources in self._plan if isinstance(s, Stage) and s.provider == CPU]
        self._lanes = Lanes(bound) if len(bound) == len(self._plan) else None

    def run(self, image: FloatArray) -> Departure:
        """One image, (1, 3, height, width) or (1, height, width, 3) as the bundle's layout says.

        Raises:
            EngineError: a stage fails, or the exit that answers computed something that is not a number.
        """
        outputs: Sequence[FloatArray] = ()
        leaves_at, score, usual = self.policy.leaves_at, self._score, self._usual
        usual_exit, usual_nats = None, None
        lane = None if self._lanes is None or image.dtype != np.float32 else self._lanes.take(image)
        for index, stage, sources in self._plan:
            if lane is not None:
                outputs = lane.run(index)
            else:
                outputs = stage({name: image if source == FROM_IMAGE else outputs[source] for name, source in sources})
            # The default score costs nothing more here: the stage has computed it.
            unsure = outputs[-1] if score is None else score(np.asarray(outputs[-2]))
            if usual is not None and usual_exit is None and usual.leaves_at(index, unsure.item()):
                usual_exit, usual_nats = index, outputs[-1].item()
            if leaves_at(index, unsure.item()):
                break
        logits = np.asarray(outputs[-2])  # it may be on the GPU until here
        # Exact, since a sum of float32 values cannot overflow a double; numpy's reductions take three times as long.
        if not isfinite(sum(logits[0].tolist())):
            raise _not_a_number(stage, index)
        entropy_nats = outputs[-1].item()
        if lane is not None and self._lanes is not None:
            logits = logits.copy()
            self._lanes.give_back(lane)
        return Departure(logits, index, entropy_nats, usual_exit, usual_nats)

    def run_batch(
        self, images: FloatArray, on_leave: Callable[[IntArray, Departures], None] | None = None
    ) -> Departures:
        """Many images, (batch, ...): after each stage the sure ones leave, and only the rest go on.

        Args:
            on_leave: called after each stage at which some leave, with their rows and with the departures so far: so
                that who left early need not wait for who stays.
        Raises:
            EngineError: as for `run`; one image without a numeric answer fails the batch.
        """
        start_s = self._clock()
        waiting = np.arange(len(images))
        exit_index = np.empty(len(images), dtype=np.int64)
        entropies, left_after_s = np.empty(len(images)), np.empty(len(images))
        usual_exits = None if self._usual is None else np.full(len(images), NOT_YET)
        usual_nats = None if self._usual is None else np.empty(len(images))
        logits: FloatArray = np.empty((0, 0), dtype=np.float32)
        outputs: Sequence[FloatArray] = ()
        for index, stage, sources in self._plan:
            if not len(waiting):
                break
            outputs = stage({name: images if source == FROM_IMAGE else outputs[source] for name, source in sources})
            now_s = self._clock()
            # The scalar rule per sample, not a second, vectorised one: it costs nothing beside the stage itself.
            unsure = outputs[-1] if self._score is None else self._score(np.asarray(outputs[-2]))
            leaves = np.array([self.policy.leaves_at(index, nats) for nats in unsure.tolist()])
            if self._usual is not None and usual_exits is not None and usual_nats is not None:
                would = np.array([self._usual.leaves_at(index, nats) for nats in unsure.tolist()])
                first = would & (usual_exits[waiting] == NOT_YET)
                usual_exits[waiting[first]], usual_nats[waiting[first]] = index, outputs[-1][first]
            if index == 0:
                logits = np.empty((len(exit_index), outputs[-2].shape[1]), dtype=np.float32)
            leaving = waiting[leaves]
            logits[leaving] = outputs[-2][leaves]
            if not np.isfinite(logits[leaving]).all():
                raise _not_a_number(stage, index)
            exit_index[leaving], entropies[leaving], left_after_s[leaving] = index, outputs[-1][leaves], now_s - start_s
            if len(leaving):
                stay = ~leaves
                waiting, images, outputs = waiting[stay], images[stay], [tensor[stay] for tensor in outputs]
                if on_leave is not None:
                    left = Departures(logits, exit_index, entropies, left_after_s, usual_exits, usual_nats)
                    on_leave(leaving, left)
        return Departures(logits, exit_index, entropies, left_after_s, usual_exits, usual_nats)

    def run_through(self, images: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Every stage, whatever the policy says: per stage its logits (batch, classes) and entropy (batch,).

        Raises:
            EngineError: a stage fails, or computes something that is not a number at any exit.
        """
        answers: list[tuple[FloatArray, FloatArray]] = []
        outputs: Sequence[FloatArray] = ()
        for index, stage, sources in self._plan:
            outputs = stage({name: images if source == FROM_IMAGE else outputs[source] for name, source in sources})
            logits = np.asarray(outputs[-2])
            if not np.isfinite(logits).all():
                raise _not_a_number(stage, index)
            answers.append((logits, outputs[-1]))
        return answers


def _known_by_then(usual: ExitPolicy, policy: ExitPolicy) -> bool:
    """Whether an image has met `usual`'s threshold, if it ever does, by the time `policy` lets it leave."""
    if usual.score != policy.score or usual.stages != policy.stages:
        return False
    return all(low <= high for low, high in zip(policy.thresholds_nats, usual.thresholds_nats, strict=True))


def _sources(stage: AnyStage, before: AnyStage | None) -> Sources:
    """For each input of a stage: its name, and the output of the stage before that feeds it."""
    handed_on = before.hands_on if before is not None else ()
    for name in stage.inputs:
        if name != IMAGE and name not in handed_on:
            raise EngineError(
                f"a stage asks for {name!r}, but the one before it hands on {list(handed_on)}",
                where=stage.where,
                to_do="compile the bundle again",
            )
    return tuple((name, FROM_IMAGE if name == IMAGE else handed_on.index(name)) for name in stage.inputs)


def _not_a_number(stage: AnyStage, index: int) -> EngineError:
    return EngineError(
        f"stage {index} answered with logits that are not finite numbers",
        where=stage.where,
        to_do="check that the image is what the bundle was made for; if it is, roll back: edge-runtime rollback",
    )
