"""Follows the install root: what becomes current takes over between two requests, or is rolled back where it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.errors import BundleError, EdgeCodesignError
from runtime.engine.provider import ON_CPU, Provider
from runtime.install.rollback import roll_back
from runtime.install.root import read_state

from .memory import give_back
from .probation import Probation, on_probation
from .served_bundle import Budget, ServedBundle, load
from .serving import Serving


@dataclass(frozen=True, slots=True)
class SwapRules:
    """How a new bundle is tried."""

    trial_s: float = 60.0
    slower: float = 2.0  # than promised in proportion to the bundle before, by which it fails
    threads: int = 1  # within one operator of a stage
    provider: Provider = ON_CPU  # what stages run on
    budget_bytes: int | None = None  # of memory, for loaded modes


class HotSwap:
    """`look` is called now and then from one thread; loading goes on in another."""

    def __init__(
        self,
        root: Path,
        serving: Serving,
        rules: SwapRules,
        *,
        report: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root, self._serving, self._rules, self._report, self._now_s = root, serving, rules, report, now_s
        self._unfit: set[str] = set()  # bundles that failed here: not tried again
        self._loading: threading.Thread | None = None
        self._loaded: ServedBundle | None = None
        self._problem: str | None = None
        self._trial: Probation | None = None
        self._dropped = False  # a bundle, just now: by the next look nobody refers to it any more
        self.swaps = self.rollbacks = 0
        self.failed: str | None = None  # the bundle that was rolled back last

    def look(self) -> None:
        """See which bundle is current, and go one step on the way to it."""
        if self._dropped:
            self._dropped = False
            give_back()
        if self._loading is not None:
            if self._loading.is_alive():
                return
            self._loading = None
            self._take_over()
        self._judge()
        try:
            current = read_state(self._root).current
        except EdgeCodesignError as error:
            self._say_once(f"the install root cannot be read: {error.what}")
            return
        if current is None or current == self._serving.bundle.bundle_id:
            return
        if current in self._unfit:
            self._say_once(
                f"bundle {current[:12]} is current but failed here before: restart the server to try it again"
            )
        else:
            self._report(f"bundle {current[:12]} is current now: it is loaded beside the one served")
            self._loading = threading.Thread(target=self._load, args=(current,), name="bundle", daemon=True)
            self._loading.start()

    def stop(self, timeout_s: float) -> bool:
        """Wait for a bundle that is being loaded, which takes over no more; False where it takes longer."""
        if self._loading is not None:
            self._loading.join(timeout_s)
            return not self._loading.is_alive()
        return True

    def _load(self, bundle_id: str) -> None:
        try:
            rules = self._rules
            limits = self._serving.limits
            size = rules.budget_bytes
            budget = None if size is None else Budget(size, self._serving.mode, self._report)
            loaded = load(
                self._root, limits, threads=rules.threads, replay=True, provider=rules.provider, budget=budget
            )
        except EdgeCodesignError as error:
            self._unfit.add(bundle_id)
            self._dropped = True
            self._report(f"bundle {bundle_id[:12]} is not served: {error.what}")
            self._roll_back(bundle_id)
        else:
            for sentence in loaded.fall_backs:
                self._report(sentence)
            self._loaded = loaded

    def _take_over(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            return
        serving, mode = self._serving, self._serving.mode
        if self._trial is not None:  # cut short: nobody returns to what was before it any more
            serving.recorder.forget(self._trial.before.bundle_id)
            self._dropped = True
        before = serving.swap(loaded)
        self.swaps += 1
        self._trial = on_probation(
            loaded,
            before,
            serving.recorder,
            mode,
            ends_s=self._now_s() + self._rules.trial_s,
            slower=self._rules.slower,
        )
        self._report(f"bundle {loaded.bundle_id[:12]} has taken over, on trial for {self._rules.trial_s:g} s")

    def _judge(self) -> None:
        trial = self._trial
        if trial is None:
            return
        verdict = trial.verdict(self._serving.recorder, self._now_s())
        if verdict is None:
            return
        self._trial, self._dropped = None, True
        if not verdict:
            self._serving.recorder.forget(trial.before.bundle_id)
            self._report(f"bundle {trial.bundle.bundle_id[:12]} has passed its trial")
            return
        failed = trial.bundle.bundle_id
        self._unfit.add(failed)
        self._serving.swap(trial.before)
        self._serving.recorder.forget(failed)
        self._report(f"bundle {failed[:12]} failed its trial: {verdict}; {trial.before.bundle_id[:12]} serves again")
        self._roll_back(failed)

    def _roll_back(self, failed: str) -> None:
        """Have the install root agree with what is served, where it still points to a bundle that failed here."""
        self.failed = failed
        self.rollbacks += 1
        try:
            while read_state(self._root).current in self._unfit:  # more than one, where two failed in a row
                manifest = roll_back(self._root)
                self._report(f"rolled back: {manifest.bundle_id[:12]} is current again")
        except BundleError as error:
            self._report(f"nothing to roll back to: {error.what}")
        except EdgeCodesignError as error:
            self._report(
                f"{self._root} still names the bundle that failed, and a restart would serve it: {error.what}; "
                "run edge-runtime rollback as a user who may write there"
            )

    def _say_once(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._report(problem)
