"""Requests, modes, swaps and draining."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtime.contract.kind import Kind
from runtime.serve.energy_share import EnergyShare
from runtime.serve.job import Job
from runtime.serve.limits import Limits
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Batching, Serving

from .serving_doubles import Settled, leaving_at, promising, request, scripted


@pytest.fixture
def serving(served: ServedBundle) -> Iterator[Serving]:
    made = Serving(served)
    yield made
    made.drain(5.0)


class Wattmeter:
    def share(self, run_s: float) -> EnergyShare | None:
        return EnergyShare(5.0 * run_s, None, Kind.MEASURED, "VDD_IN")


def test_a_request_without_a_mode_gets_the_one_in_use(served: ServedBundle, serving: Serving) -> None:
    settled = Settled()
    assert serving.submit(request(), served, settled).served.mode.name == "balanced"
    serving.use_mode("one-shot")
    assert serving.submit(request(), served, settled).served.mode.name == "one-shot"
    assert serving.submit(request(mode="thorough"), served, settled).served.mode.name == "thorough"
    settled.wait(3)


def test_a_mode_that_the_bundle_lacks_is_not_put_to_use(serving: Serving) -> None:
    serving.use_mode("turbo")
    assert serving.mode == "balanced"


def test_energy_is_what_the_bundle_promises_unless_it_is_metered(served: ServedBundle, serving: Serving) -> None:
    settled = Settled()
    job = serving.submit(request(mode="one-shot"), served, settled)
    assert serving.energy_of(job) is None or job.answers is not None
    settled.wait(1)
    promised = serving.energy_of(job)
    assert promised is not None
    assert promised.kind is Kind.SIMULATED
    serving.energy = Wattmeter()
    metered = serving.energy_of(job)
    assert metered is not None
    assert metered.kind is Kind.MEASURED


def test_of_a_batchs_joules_a_request_gets_what_its_images_took(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle, batching=Batching(batch_images=8), energy=Wattmeter()), Settled()
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    one, three = (serving.submit(request(leaving_at(*[0] * count)), bundle, settled) for count in (1, 3))
    cascade.hold.set()
    settled.wait(3)
    serving.drain(5.0)
    assert cascade.runs == [1, 4]
    assert (one.own_share, three.own_share) == (0.25, 0.75)
    share = serving.energy_of(one)
    assert share is not None
    assert one.answers is not None
    assert share.energy_j == pytest.approx(5.0 * one.answers.run_s / 4)


def test_what_waits_is_answered_by_the_bundle_it_came_for(served: ServedBundle) -> None:
    before, cascade = scripted(served)
    after, other = scripted(promising(served, 0.001, "next"))
    cascade.hold.clear()
    serving, settled = Serving(before), Settled()
    for _ in range(3):
        serving.submit(request(leaving_at(0)), serving.bundle, settled)
    assert serving.swap(after) is before
    serving.submit(request(leaving_at(0)), serving.bundle, settled)
    cascade.hold.set()
    settled.wait(4)
    serving.drain(5.0)
    assert (cascade.runs, other.runs) == ([1, 1, 1], [1])
    assert all(job.answers is not None for job in settled.jobs)


def test_a_mode_that_the_next_bundle_lacks_gives_way_to_its_default(served: ServedBundle, serving: Serving) -> None:
    serving.use_mode("thorough")
    modes = {name: mode for name, mode in served.modes.items() if name != "thorough"}
    serving.swap(replace(served, modes=modes))
    assert serving.mode == "balanced"


def test_a_stopping_server_answers_what_is_here_and_takes_no_more(served: ServedBundle) -> None:
    serving, settled = Serving(served), Settled()
    for _ in range(5):
        serving.submit(request(), served, settled)
    assert serving.drain(10.0)
    assert len(settled.jobs) == 5
    assert all(job.answers is not None for job in settled.jobs)
    with pytest.raises(Refused, match="stopping"):
        serving.submit(request(), served, settled)


def test_what_cannot_be_answered_in_time_is_refused_not_lost(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle, limits=Limits(queue_images=10)), Settled()
    for _ in range(3):
        serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    assert not serving.drain(0.01)
    assert [job.refusal.status for job in settled.jobs if job.refusal] == [503, 503, 503]  # also what runs
    cascade.hold.set()
    assert serving.drain(5.0)
    assert len(settled.jobs) == 3


def test_what_its_client_left_is_not_run(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle), Settled()
    running = serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    waiting = serving.submit(request(leaving_at(0)), bundle, settled)
    serving.abandon(waiting)
    serving.abandon(running)
    assert [job.refusal.status for job in settled.jobs if job.refusal] == [499]
    cascade.hold.set()
    assert serving.drain(5.0)
    assert (cascade.runs, serving.queue.dropped) == ([1], 1)
    assert running.answers is not None


def test_images_count_as_asked_for_even_where_the_queue_is_full(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle, limits=Limits(queue_images=2)), Settled()
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    serving.submit(request(leaving_at(0)), bundle, settled)
    with pytest.raises(Refused, match="the queue is full"):
        serving.submit(request(leaving_at(0, 0)), bundle, settled)
    cascade.hold.set()
    serving.drain(5.0)
    assert serving.recorder.recorded().asked == 4


def test_whoever_notes_is_told_of_answers_and_of_joules_that_were_metered(
    served: ServedBundle, serving: Serving
) -> None:
    noted: list[tuple[Job, EnergyShare | None]] = []
    serving.note = lambda job, energy: noted.append((job, energy))
    settled = Settled()
    job = serving.submit(request(mode="one-shot"), served, settled)
    settled.wait(1)
    promised = serving.answered(job)
    assert promised is not None
    assert noted == [(job, None)]
    serving.energy = Wattmeter()
    metered = serving.answered(job)
    assert metered is not None
    assert noted[1] == (job, metered)
    assert serving.recorder.recorded().requests == 2
