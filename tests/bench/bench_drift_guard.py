"""What watching what is served costs, and how a drift guard behaves: false alarms, delay, recovery, flapping.

    python -m tests.bench.bench_drift_guard [--seeds N] [--json OUT]

Costs are CPU time of one thread. The guard is simulated: what the bundle expects is itself estimated from images (4,000
of them, as a select split has), then images are drawn from the true shares, for a while from shifted ones, and from
the true ones again. A shift of p points moves p points from the first exit's surest range to the last exit.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.expected_answers import ExpectedAnswers
from runtime.serve.served_bundle import load
from runtime.serve.serving import Serving
from runtime.telemetry.drift_guard import DriftGuard, Step
from runtime.telemetry.guarding import Guarding
from runtime.telemetry.inference import Circumstances, Inference, Recording, ServedAs
from runtime.telemetry.recorder import KeepsNothing, TelemetryRecorder
from runtime.telemetry.served_jobs import ServedJobs
from tests.runtime.serve.serving_doubles import LIMITS, Settled, request
from tests.tiny_cascade import random_images, write_tiny_bundle

SHARES = np.array([0.16, 0.15, 0.15, 0.14, 0.06, 0.05, 0.05, 0.04, 0.05, 0.05, 0.05, 0.05])  # three exits, four ranges
EDGES = ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3), (0.1, 0.2, 0.3))
ANSWERS = [(k // 4, 0.05 + 0.1 * (k % 4)) for k in range(len(SHARES))]
REFERENCE_IMAGES, CALM_IMAGES, SHIFTED_IMAGES, AFTER_IMAGES = 4000, 100_000, 20_000, 20_000
SHIFTS = (0.04, 0.06, 0.08, 0.12)


def expected_of(rng: np.random.Generator) -> ExpectedAnswers:
    """What a select split of that size says of the true shares."""
    found = rng.multinomial(REFERENCE_IMAGES, SHARES) / REFERENCE_IMAGES
    return ExpectedAnswers(EDGES, tuple(tuple(found[4 * k : 4 * k + 4].tolist()) for k in range(3)), REFERENCE_IMAGES)


def fed(guard: DriftGuard, shares: Any, images: int, rng: np.random.Generator) -> list[tuple[int, Step]]:
    """After how many images what happened."""
    cells = rng.choice(len(shares), size=images, p=shares).tolist()
    steps = ((k + 1, guard.answered(*ANSWERS[cell])) for k, cell in enumerate(cells))
    return [(at, step) for at, step in steps if step is not None]


def calm(seeds: int) -> dict[str, float]:
    """Images as they were when the bundle was made."""
    alarms = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        guard = DriftGuard(expected_of(rng), 2)
        fed(guard, SHARES, CALM_IMAGES, rng)
        alarms += guard.alarms
    return {"images": seeds * CALM_IMAGES, "alarms": alarms}


def shifted(points: float, seeds: int) -> dict[str, Any]:
    """Images that shift, and shift back."""
    moved = SHARES.copy()
    moved[0], moved[-1] = moved[0] - points, moved[-1] + points
    first, deep, back, recoveries = [], [], [], []
    for seed in range(1000, 1000 + seeds):
        rng = np.random.default_rng(seed)
        guard = DriftGuard(expected_of(rng), 2)
        during = fed(guard, moved, SHIFTED_IMAGES, rng)
        alarms = [at for at, step in during if step is Step.ALARMED]
        first.append(alarms[0] if alarms else None)
        deep.append(alarms[1] if len(alarms) > 1 else None)
        recoveries.append(sum(step is Step.RECOVERED for _, step in during))
        level = guard.level
        after = [at for at, step in fed(guard, SHARES, AFTER_IMAGES, rng) if step is Step.RECOVERED]
        if level:
            back.append(after[0] if after else None)
    return {
        "first_alarm_images": _spread(first),
        "full_depth_images": _spread(deep),
        "recovered_after_images": _spread(back),
        "recoveries_while_shifted": float(np.mean(recoveries)),
    }


def _spread(found: list[int | None]) -> dict[str, float | None]:
    known = [value for value in found if value is not None]
    quantiles = [None] * 3 if not known else np.quantile(known, (0.1, 0.5, 0.9)).tolist()
    return {"runs": len(found), "never": len(found) - len(known)} | dict(
        zip(("p10", "median", "p90"), quantiles, strict=True)
    )


def noting_s() -> dict[str, float]:
    """Seconds per image on the thread that answers: of requests with one image, and with eight."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        write_tiny_bundle(Path(name) / "bundle")
        bundle = load(Path(name) / "bundle", LIMITS)
        serving, settled = Serving(bundle), Settled()
        stack.callback(serving.drain, 5.0)
        recorder = TelemetryRecorder(KeepsNothing(), Circumstances, Recording())
        note, found = ServedJobs(recorder.note, None), {}
        for images in (1, 8):
            job = serving.submit(request(random_images(images)), bundle, settled)
            settled.wait(1 if images == 1 else 2)
            found[f"request_of_{images}"] = _per_call_s(lambda job=job: note(job, None)) / images
    return found


def watching_s() -> float:
    """Seconds per image on the recorder's thread: added up, one in ten made a row, tested for drift and cost."""
    with tempfile.TemporaryDirectory() as name:
        write_tiny_bundle(Path(name) / "bundle")
        bundle = load(Path(name) / "bundle", LIMITS)
    recorder = TelemetryRecorder(KeepsNothing(), Circumstances, Recording())
    guarding = Guarding(lambda: bundle, lambda *_, **__: None)
    recorder.watchers.append(guarding)
    served = ServedAs(bundle.bundle_id, "balanced", (0.01,) * 4, (0.01,) * 4)
    guarding.saw(Inference(0.0, served, 0, 0.5, 0.01, 0.01, None))
    guarding.modes["balanced"].guard = DriftGuard(expected_of(np.random.default_rng(0)), 2)
    rng = np.random.default_rng(1)
    cells = rng.choice(len(SHARES), size=1000, p=SHARES).tolist()
    answers = [ANSWERS[cell] for cell in cells]
    noted = [Inference(float(k), served, left, nats, 0.01, 0.01, None) for k, (left, nats) in enumerate(answers)]

    def second() -> None:
        for one in noted:
            recorder.note(one)
        recorder.tick()

    return _per_call_s(second, 20) / len(noted)


def _per_call_s(call: Any, times: int = 1000) -> float:
    """Median of a hundred rounds, CPU time of this thread."""
    took = []
    for _ in range(100):
        began_s = time.thread_time()
        for _ in range(times):
            call()
        took.append((time.thread_time() - began_s) / times)
    return float(np.median(took))


def main() -> None:
    """Run and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found: dict[str, Any] = {
        "command": f"python -m tests.bench.bench_drift_guard --seeds {args.seeds}",
        "machine": f"{platform.machine()}, {_cpu()}, Python {platform.python_version()}",
        "measured": {"noting_s_per_image": noting_s(), "watching_s_per_image": watching_s()},
    }
    for name, cost_s in found["measured"]["noting_s_per_image"].items():
        print(f"noting on the serving thread, {name.replace('_', ' ')}: {cost_s * 1e6:.2f} µs an image (limit 10 µs)")
    print(f"watching on the recorder's thread: {found['measured']['watching_s_per_image'] * 1e6:.1f} µs an image")
    found["simulated"] = {"calm": calm(args.seeds)}
    print(f"calm: {found['simulated']['calm']}")
    for points in SHIFTS:
        found["simulated"][f"shift_{points:.0%}"] = told = shifted(points, args.seeds)
        print(f"shift of {points:.0%}: {told}")
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} × {models[0]}" if models else "unknown processor"


if __name__ == "__main__":
    main()
