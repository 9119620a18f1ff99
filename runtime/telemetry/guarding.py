"""Watches what is served for drift: makes a mode cautious and says so, as an event and to people, and takes it back.

The modes of the bundle that is served now are watched. Where a mode does not know what to expect (bundles of earlier
versions), drift is not tested, which is said once. Costs are compared for images that ran alone and at the clocks that
the promise is for, as far as these are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from runtime.serve.caution import WORDS, most_cautious
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.served_mode import ServedMode

from .cost_watch import CostWatch
from .drift_guard import DriftGuard, GuardRules, Step
from .inference import Circumstances, Inference

TIME, ENERGY = "time", "energy"


class Says(Protocol):
    """Takes an event: to people, and to the recorder."""

    def __call__(self, name: str, text: str, *, bundle_id: str | None = None, mode: str | None = None) -> None:
        """Something happened."""
        ...


@dataclass(slots=True)
class Guarded:
    """What is watched of one mode."""

    served: ServedMode
    guard: DriftGuard | None  # None: nothing is known of what to expect
    costs: dict[str, CostWatch] = field(default_factory=lambda: {TIME: CostWatch(), ENERGY: CostWatch()})
    seen: int = 0


class Guarding:
    """A Watcher of the recorder. `modes` may be read from other threads."""

    def __init__(
        self, bundle: Callable[[], ServedBundle], says: Says, *, one_in: int = 1, rules: GuardRules | None = None
    ) -> None:
        """Watch what `bundle` returns.

        Args:
            one_in: so many images one is tested for drift: frames of one scene are not independent. 0: none.
        """
        self._bundle_of, self._says, self._one_in, self._rules = bundle, says, one_in, rules
        self._bundle = bundle()
        self._last = Circumstances()
        self._silent: set[str] = set()  # bundles of which it was said that they do not know what to expect
        self.modes: dict[str, Guarded] = {}

    def saw(self, inference: Inference) -> None:
        """An image was answered."""
        if inference.served.bundle_id != self._bundle.bundle_id:
            return
        guarded = self.modes.get(inference.served.mode) or self._guarded(inference.served.mode)
        guarded.seen += 1
        if guarded.guard is not None and self._one_in and guarded.seen % self._one_in == 0:
            self._test(guarded.guard, inference)
        if inference.batch_images == 1 and self._last.applied in (None, guarded.served.mode.operating_point):
            self._weigh(guarded, inference)

    def ticked(self, last: Circumstances) -> None:
        """Follow a swap: what was made cautious is trusted again, should it come back."""
        self._last = last
        if (bundle := self._bundle_of()) is not self._bundle:
            for guarded in self.modes.values():
                guarded.served.be_cautious(0)
            self._bundle, self.modes = bundle, {}

    def _guarded(self, mode: str) -> Guarded:
        served, bundle_id = self._bundle.modes[mode], self._bundle.bundle_id
        expected = served.mode.expected_answers
        if expected is None and self._one_in and bundle_id not in self._silent:
            self._silent.add(bundle_id)
            text = "this bundle does not say which exits and entropies to expect: drift of images cannot be told"
            self._says("no drift test", text, bundle_id=bundle_id, mode=mode)
        guard = None if expected is None else DriftGuard(expected, most_cautious(served.mode.policy), self._rules)
        guarded = Guarded(served.at_rest(), guard)  # its stages must be free to go
        self.modes = {**self.modes, mode: guarded}  # whoever reads the dictionary may be in the middle of it
        return guarded

    def _test(self, guard: DriftGuard, inference: Inference) -> None:
        exit_index, nats = inference.exit_index, inference.entropy_nats
        if inference.usual_exit_index is not None and inference.usual_entropy_nats is not None:
            exit_index, nats = inference.usual_exit_index, inference.usual_entropy_nats
        step = guard.answered(exit_index, math.inf if math.isnan(nats) else nats)
        if step is None:
            return
        self._bundle.modes[inference.served.mode].be_cautious(guard.level)
        about = {"bundle_id": inference.served.bundle_id, "mode": inference.served.mode}
        if step is Step.RECOVERED:
            self._says("recovered", f"mode {about['mode']}: answers are as expected again: {WORDS[0]}", **about)
        elif guard.alarm is not None:
            then = (
                f"it answers with {WORDS[guard.level]} from now on" if guard.level else "no image leaves early anyway"
            )
            self._says("drift", f"mode {about['mode']}: {guard.alarm.sentence()}: {then}", **about)

    def _weigh(self, guarded: Guarded, inference: Inference) -> None:
        served = inference.served
        costs = [(TIME, inference.run_s, served.promised_s[inference.exit_index])]
        if inference.energy_j is not None and served.comparable:
            costs.append((ENERGY, inference.energy_j, served.promised_j[inference.exit_index]))
        for cost, found, promised in costs:
            watch = guarded.costs[cost]
            changed = watch.answered(inference.at_s, found, promised)
            if changed is None or watch.ratio is None:
                continue
            text = f"mode {served.mode}: {cost} per image is {watch.ratio:.2f} times what the bundle promised"
            name = "drift: cost" if changed else "recovered: cost"
            self._says(name, text, bundle_id=served.bundle_id, mode=served.mode)
