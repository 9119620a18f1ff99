"""Notes every image of the requests that a server answers: called by the thread that answers, so it must be quick."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import accumulate
from typing import Protocol

from runtime.serve.energy_share import EnergyShare
from runtime.serve.job import Job
from runtime.serve.metered_energy import Rates

from .inference import Inference, ServedAs

BACK_TO_BACK = "back to back: active energy, plus idle power while it ran"
SHARED_OUT = "idle time shared out"
MOST_KNOWN = 64  # descriptions of modes: bundles come and go


class Metered(Protocol):
    """What this needs of `MeteredEnergy`."""

    @property
    def rates(self) -> Rates | None:
        """What the latest windows say."""
        ...


class ServedJobs:
    """Given to `Serving.note`. Where the same mode is metered in another way, that is another `ServedAs`."""

    def __init__(
        self,
        note: Callable[[Inference], None],
        meter: Metered | None,
        *,
        looks: Callable[[Job, int], None] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Note with `note`.

        Args:
            looks: shown each image of each job, by its place in it; None: nobody may look at images.
        """
        self._note, self._meter, self._looks, self._now_s = note, meter, looks, now_s
        self._known: dict[tuple[str, str, str | None], ServedAs] = {}

    def __call__(self, job: Job, energy: EnergyShare | None) -> None:
        """A job was answered; `energy` is what it drew, where that is metered."""
        answers = job.answers
        if answers is None:
            return
        own_s = answers.run_s * job.own_share
        energy_j, method = self._energy(energy, own_s)
        served, at_s, images = self._served_as(job, method), self._now_s(), len(job)
        latency_s, run_s = answers.waited_s + answers.run_s, own_s / images
        image_j = None if energy_j is None else energy_j / images
        exits, nats = answers.exit_index.tolist(), answers.entropy_nats.tolist()
        usual_exits: list[int | None] = [None] * images
        usual_nats: list[float | None] = [None] * images
        if answers.usual_exit_index is not None and answers.usual_entropy_nats is not None:
            usual_exits, usual_nats = answers.usual_exit_index.tolist(), answers.usual_entropy_nats.tolist()
        for k in range(images):
            seen = (exits[k], nats[k], latency_s, run_s, image_j, usual_exits[k], usual_nats[k], job.batch_images)
            self._note(Inference(at_s, served, *seen))
            if self._looks is not None:
                self._looks(job, k)

    def _energy(self, energy: EnergyShare | None, run_s: float) -> tuple[float | None, str | None]:
        """Joules of the whole job, and how they are to be understood."""
        rates = None if self._meter is None else self._meter.rates
        if energy is None or rates is None:
            return None, None
        if energy.active_energy_j is None or rates.idle_w is None:
            return energy.energy_j, SHARED_OUT
        return energy.active_energy_j + rates.idle_w * run_s, BACK_TO_BACK

    def _served_as(self, job: Job, method: str | None) -> ServedAs:
        key = (job.bundle.bundle_id, job.served.mode.name, method)  # and no reference: bundles must be given back
        known = self._known.get(key)
        if known is None:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._described(job, method)
        return known

    def _described(self, job: Job, method: str | None) -> ServedAs:
        mode, promise = job.served.mode, job.served.promise
        promised_s = tuple(accumulate(promise.stage_latency_s))
        rates = None if self._meter is None else self._meter.rates
        if method is None or rates is None:
            return ServedAs(job.bundle.bundle_id, mode.name, promised_s, job.served.promised_j)
        found = rates.energy
        return ServedAs(
            job.bundle.bundle_id,
            mode.name,
            promised_s,
            job.served.promised_j,
            found.scope,
            f"{found.method}, {method}",
            found.quantum_w,
            found.kind.value,
            comparable=method == BACK_TO_BACK,
        )
