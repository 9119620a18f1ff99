"""One mode of a bundle that is served: its policy over its stages, loaded or at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.contract.errors import EngineError
from runtime.contract.mode import Mode
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.promise import Promise
from runtime.engine.cascade import Cascade, Departure, Departures

from .caution import USUAL, Caution, lowered
from .tensors import Tensor


@dataclass(frozen=True, slots=True)
class ServedMode:
    """One mode with its stages. Several threads may run it at once."""

    mode: Mode
    promise: Promise
    cascade: Cascade | None  # None: at rest, its stages are not loaded
    preprocessing: Preprocessing
    promised_j: tuple[float, ...]  # per exit: back-to-back energy of one image that leaves there
    caution: Caution = field(default_factory=Caution, compare=False)  # the one part that changes while it is served

    def run(self, images: Tensor, on_leave: Callable[[IntArray, Departures], None] | None = None) -> Departures:
        """Answer (batch, ...) images, bytes or normalised. Raises EngineError as `Cascade.run_batch`."""
        return (self.caution.cascade or self._ready()).run_batch(self._tensor(images), on_leave)

    def run_one(self, image: Tensor) -> Departure:
        """The same for a batch of one, with less to do around the stages."""
        return (self.caution.cascade or self._ready()).run(self._tensor(image))

    def warm_up(self, images: UInt8Array, times: int) -> None:
        """Run every stage, whatever the policy says."""
        tensor, cascade = self.preprocessing(images), self._ready()
        for _ in range(times):
            cascade.run_through(tensor)

    def be_cautious(self, level: int) -> None:
        """Answer from now on by the thresholds of that level (`caution.lowered`)."""
        policy, cascade = self.mode.policy, self.cascade
        if level == USUAL or cascade is None:
            self.caution.level, self.caution.cascade = level, None
        else:
            self.caution.level = level
            self.caution.cascade = Cascade(cascade.stages, lowered(policy, level), usual=policy)

    def at_rest(self) -> ServedMode:
        """The same without its stages, which nothing keeps in memory then; as cautious as it is."""
        return replace(self, cascade=None)

    def _ready(self) -> Cascade:
        if self.cascade is None:
            raise EngineError(f"mode {self.mode.name!r} is not loaded", to_do="ask its keeper for it first")
        return self.cascade

    def _tensor(self, images: Tensor) -> FloatArray:
        return self.preprocessing(images) if images.dtype == np.uint8 else images
