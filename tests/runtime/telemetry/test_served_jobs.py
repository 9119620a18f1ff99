"""Every image of a job is noted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.contract.kind import Kind
from runtime.energy.energy import Energy
from runtime.serve.energy_share import EnergyShare
from runtime.serve.job import Answers, Job
from runtime.serve.metered_energy import Rates
from runtime.serve.served_bundle import ServedBundle
from runtime.telemetry.inference import Inference, ServedAs
from runtime.telemetry.served_jobs import MOST_KNOWN, ServedJobs
from tests.runtime.serve.serving_doubles import job_of
from tests.tiny_cascade import random_images

LOGITS = np.zeros((2, 5), dtype=np.float32)
ANSWERS = Answers(LOGITS, np.array([0, 3]), np.array([0.5, 0.25], dtype=np.float32), 0.002, 0.004)
ENERGY = Energy(5.0, 0.1, 1.0, 100, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)


def answered(bundle: ServedBundle, answers: Answers | None = ANSWERS, batch: int = 4) -> Job:
    job = job_of(bundle, random_images(2))
    job.answers, job.batch_images = answers, batch
    return job


def noted(job: Job, energy: EnergyShare | None = None, rates: Rates | None = None, **more: Any) -> list[Inference]:
    found: list[Inference] = []
    meter: Any = SimpleNamespace(rates=rates)
    ServedJobs(found.append, meter, now_s=lambda: 7.0, **more)(job, energy)
    return found


def test_an_image_gets_its_share_of_the_batch_and_what_was_promised(served: ServedBundle) -> None:
    first, second = noted(answered(served))
    assert (first.at_s, first.exit_index, first.entropy_nats, first.energy_j) == (7.0, 0, 0.5, None)
    assert first.latency_s == pytest.approx(0.006)
    assert first.run_s == pytest.approx(0.001)
    assert (second.exit_index, second.usual_exit_index, second.batch_images) == (3, None, 4)
    assert second.served.promised_j == pytest.approx((0.001, 0.003, 0.006, 0.010))
    assert (first.served.bundle_id, first.served.mode) == (served.bundle_id, "balanced")
    assert first.served.energy_kind is None


def test_metered_energy_is_made_comparable_where_idling_is_known(served: ServedBundle) -> None:
    share = EnergyShare(0.02, 0.008, Kind.MEASURED, "VDD_IN")
    first, _ = noted(answered(served), share, Rates(ENERGY, 7.0, 3.0, 4.0))
    assert first.energy_j == pytest.approx((0.008 + 4.0 * 0.002) / 2)
    about = first.served
    assert (about.energy_scope, about.energy_quantum_w, about.energy_kind) == ("VDD_IN", 0.04, "measured")
    assert about.energy_method == "INA3221, back to back: active energy, plus idle power while it ran"
    assert about.comparable


def test_metered_energy_without_idling_is_shared_out_and_not_compared(served: ServedBundle) -> None:
    share = EnergyShare(0.02, None, Kind.MEASURED, "VDD_IN")
    first, _ = noted(answered(served), share, Rates(ENERGY, 7.0, None, None))
    assert first.energy_j == pytest.approx(0.01)
    assert first.served.energy_method == "INA3221, idle time shared out"
    assert not first.served.comparable


def test_where_thresholds_are_lowered_the_usual_exit_is_noted(served: ServedBundle) -> None:
    careful = replace(ANSWERS, usual_exit_index=np.array([0, 1]), usual_entropy_nats=np.array([0.5, 0.6]))
    assert [(one.usual_exit_index, one.usual_entropy_nats) for one in noted(answered(served, careful))] == [
        (0, 0.5),
        (1, 0.6),
    ]


def test_of_a_job_that_was_refused_nothing_is_noted(served: ServedBundle) -> None:
    assert noted(answered(served, None)) == []


def test_images_are_shown_only_to_whom_may_look(served: ServedBundle) -> None:
    seen: list[int] = []
    noted(answered(served), looks=lambda _, k: seen.append(k))
    assert seen == [0, 1]


def test_images_of_a_mode_are_of_one_description(served: ServedBundle) -> None:
    found: list[Inference] = []
    jobs = ServedJobs(found.append, None)
    for _ in range(2):
        jobs(answered(served), None)
    assert all(one.served is found[0].served for one in found)


def test_a_bundle_that_was_served_is_not_kept_in_memory(served: ServedBundle) -> None:
    jobs, names = ServedJobs(lambda _: None, None), [f"bundle-{k}" for k in range(200)]
    for name in names:
        jobs(answered(replace(served, manifest=replace(served.manifest, bundle_id=name))), None)
    assert 0 < len(jobs._known) <= MOST_KNOWN + 1
    assert all(isinstance(value, ServedAs) for value in jobs._known.values())
