"""What the cascade adds to the ONNX Runtime calls it makes: run `python -m tests.bench.bench_cascade_overhead`.

Three stages of one network of about a millisecond on one core, image by image, through all stages. Each round times,
in an order drawn anew, (a) the bare `session.run` calls, feeds included, (b) `Cascade.run`, (c) the same with
preprocessing and softmax, as `Engine.infer` does it, (d) the uncut network, (e) the bare calls with `OrtValue`s instead
of arrays. Ratios are taken within a round, and their median is judged: of the CPU time of the one thread that does all
the work, since on a machine shared with others the wall clock also counts their turns; wall-clock figures stand beside
it. Prints JSON; exits with 1 above the limit.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnxruntime

from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.manifest import Manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec
from runtime.engine.bundle import Engine
from runtime.engine.cascade import Cascade
from runtime.engine.machine import this_machine
from runtime.engine.stage import Stage, open_session
from tests.tiny_cascade import CLASSES, mode, promise, random_images, trunk_stages, uncut_trunk

LIMIT = 1.05
SPEC = TensorSpec(height=40, width=40)
WIDTH = 32
WARM_UP = 50  # caches and allocators
BARE = "bare_session_run"
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.thread_time}


def bare_calls(stages: Sequence[Stage]) -> Callable[[Any], Any]:
    """The three `session.run` calls written out by hand, on the same sessions, with nothing around them."""
    first, second, third = (stage.session for stage in stages)
    names = [[output.name for output in session.get_outputs()] for session in (first, second, third)]

    def run(image: Any) -> Any:
        body, branch, _, _ = first.run(names[0], {"image": image})
        middle, _, _ = second.run(names[1], {"body": body, "branch": branch})
        return third.run(names[2], {"middle": middle})

    return run


def ort_value_calls(stages: Sequence[Stage]) -> Callable[[Any], Any]:
    """The same three calls with features left in ONNX Runtime's own values, made anew: what `lane` does better."""
    first, second, third = (stage.session for stage in stages)
    names = [list(stage.outputs) for stage in stages]

    def run(image: Any) -> Any:
        value = onnxruntime.OrtValue.ortvalue_from_numpy(image)
        body, branch, _, entropy = first.run_with_ort_values(names[0], {"image": value})
        entropy.numpy()
        middle, _, entropy = second.run_with_ort_values(names[1], {"body": body, "branch": branch})
        entropy.numpy()
        return [output.numpy() for output in third.run_with_ort_values(names[2], {"middle": middle})]

    return run


def ways_to_answer() -> dict[str, Callable[[], Any]]:
    """The five ways, on one image; all but the uncut network share their sessions."""
    stages = [Stage(model, where="bench") for model in trunk_stages(width=WIDTH)]
    bare, ort_values = bare_calls(stages), ort_value_calls(stages)
    policy = ExitPolicy((-math.inf, -math.inf))
    cascade = Cascade(stages, policy)
    manifest = Manifest("none", "cpu", CLASSES, SPEC, ("bench",), "bench", {"bench": 3}, {})
    engine = Engine(
        cascade=cascade, manifest=manifest, mode=mode("bench", "bench", policy.thresholds_nats), promise=promise(3)
    )
    uncut = open_session(uncut_trunk(width=WIDTH), where="bench")
    pixels = random_images(1, spec=SPEC)
    image = Preprocessing(SPEC)(pixels)
    return {
        BARE: lambda: bare(image),
        "ort_values": lambda: ort_values(image),
        "cascade_run": lambda: cascade.run(image),
        "engine_infer": lambda: engine.infer(pixels[0]),
        "uncut_session_run": lambda: uncut.run(["logits"], {"image": image}),
    }


def measure(rounds: int, seed: int) -> dict[str, Any]:
    """Per clock: median seconds per image of each way, and median and quartiles of its ratio to the bare calls."""
    ways, rng = ways_to_answer(), np.random.default_rng(seed)
    samples_s = {clock: {name: np.empty(rounds + WARM_UP) for name in ways} for clock in CLOCKS}
    for i in range(rounds + WARM_UP):
        for k in rng.permutation(len(ways)):
            name = list(ways)[k]
            start_s = {clock: read() for clock, read in CLOCKS.items()}
            ways[name]()
            for clock, read in CLOCKS.items():
                samples_s[clock][name][i] = read() - start_s[clock]
    result: dict[str, Any] = {}
    for clock, by_name in samples_s.items():
        kept = {name: values[WARM_UP:] for name, values in by_name.items()}
        result[clock] = {
            "median_s": {name: float(np.median(values)) for name, values in kept.items()},
            "ratio_to_bare": {
                name: dict(
                    zip(("q25", "median", "q75"), np.quantile(values / kept[BARE], [0.25, 0.5, 0.75]), strict=True)
                )
                for name, values in kept.items()
                if name != BARE
            },
        }
    load = os.getloadavg()[0]
    hardware = f"{this_machine()}; ONNX Runtime {onnxruntime.__version__}, CPU, 1 thread; load average {load:.1f}"
    return result | {"rounds": rounds, "limit": LIMIT, "kind": "measured", "on": hardware}


def main() -> int:
    """Measure, print, and compare with the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    result = measure(args.rounds, args.seed)
    print(json.dumps(result, indent=2))
    return 0 if result["cpu"]["ratio_to_bare"]["cascade_run"]["median"] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
