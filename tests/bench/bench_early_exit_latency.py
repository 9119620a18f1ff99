"""What early exits save in real time: run `python -m tests.bench.bench_early_exit_latency --bundle RUN/bundle --static
NETWORK.onnx --images RUN/test.npz --json OUT` (three minutes, one core).

Real images, one after the other, each answered in every way before the next comes, in an order drawn anew:
    static        the network as it was brought, uncut: preprocessing, `session.run`, argmax; same options, one thread
    static_bound  the same with I/O binding, as the engine runs stages
    bundle        `Engine.infer` in one of the bundle's modes: its thresholds, its exits
    full_depth    the same with no image leaving early: what the hardest image costs
    one_piece     all stages and heads as one uncut graph: what `full_depth` costs without the split
Multiply-accumulates are counted in the files that run; a mode's are those of the exits that its images took. Networks
that take turns throw each other out of the caches; `--block 50` lets each answer fifty images before the next one.

Prints JSON, by the wall clock and by the processor time of the one thread that does all the work; on a busy machine the
second is the one to read, best under `chrt -f 2` as root. `paid` is the share of latency saved over the share of
multiply-accumulates saved: 1 would be all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from codesign.backbones.onnx_work import works_of
from codesign.backbones.open_batch import with_open_batch
from codesign.backbones.user_file import read_user_file
from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.manifest import stage_file
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import Engine, open_bundle
from runtime.engine.cascade import Cascade
from runtime.engine.machine import this_machine
from runtime.engine.stage import ENTROPY, LOGITS, open_session

WARM_UP = 30
LIMITS = {"paid": 0.8, "p99_over_static": 1.05, "split": 1.04}
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.thread_time}
RATIOS = (("bundle", "static"), ("bundle", "static_bound"), ("full_depth", "static"), ("full_depth", "one_piece"))

Way = Callable[[UInt8Array], int]


def one_piece(stages: Sequence[onnx.ModelProto]) -> onnx.ModelProto:
    """All stages as one graph, answers handed on included: every stage's logits and entropy are its outputs."""
    graph = onnx.GraphProto(name="one_piece")
    handed = {value.name for stage in stages for value in stage.graph.input} | {""}
    graph.input.append(stages[0].graph.input[0])
    for number, stage in enumerate(stages):

        def renamed(name: str, number: int = number) -> str:
            return name if name in handed else f"s{number}.{name}"

        for node in stage.graph.node:
            node.name = f"s{number}.{node.name}"
            node.input[:] = map(renamed, node.input)
            node.output[:] = map(renamed, node.output)
        for weight in stage.graph.initializer:
            weight.name = renamed(weight.name)
        for value in stage.graph.output:
            value.name = renamed(value.name)
        graph.node.extend(stage.graph.node)
        graph.initializer.extend(stage.graph.initializer)
        graph.output.extend(value for value in stage.graph.output if value.name.endswith((f".{LOGITS}", f".{ENTROPY}")))
    model = onnx.helper.make_model(graph, opset_imports=stages[0].opset_import)
    model.ir_version = stages[0].ir_version
    onnx.checker.check_model(model)
    return model


def called(model: bytes, preprocessing: Preprocessing, *, answer: int = 0) -> Way:
    """A network by `session.run`; `answer`: which of its outputs are the logits."""
    session = open_session(model, where="static")
    image, names = session.get_inputs()[0].name, [output.name for output in session.get_outputs()]
    return lambda pixels: int(session.run(names, {image: preprocessing(pixels[None])})[answer].argmax())


def bound(model: bytes, preprocessing: Preprocessing, classes: int) -> Way:
    """A network by `session.run_with_iobinding`, in tensors laid out once."""
    session = open_session(model, where="static")
    spec, binding = preprocessing.spec, session.io_binding()
    tensor = preprocessing(np.zeros((1, spec.height, spec.width, 3), dtype=np.uint8))
    logits: FloatArray = np.empty((1, classes), dtype=np.float32)
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in (tensor, logits)]
    binding.bind_ortvalue_input(session.get_inputs()[0].name, values[0])
    binding.bind_ortvalue_output(session.get_outputs()[0].name, values[1])

    def answer(pixels: UInt8Array) -> int:
        tensor[...] = preprocessing(pixels[None])
        session.run_with_iobinding(binding)
        return int(logits.argmax())

    return answer


def ways_to_answer(bundle: Path, static: Path, mode: str | None) -> tuple[dict[str, Way], Engine, list[float]]:
    """The five ways, the engine among them, and multiply-accumulates: of the static network, then up to each exit."""
    engine = open_bundle(bundle, mode)
    manifest, design = engine.manifest, engine.mode.design
    stages = [onnx.load(str(bundle / stage_file(design, k))) for k in range(manifest.stages[design])]
    network = static.read_bytes()
    uncut = read_user_file(static)
    macs = [sum(work.macs for work in works_of(with_open_batch(uncut), [uncut.graph.output[0].name]))]
    up_to = np.cumsum(
        [sum(work.macs for work in works_of(s, [value.name for value in s.graph.output])) for s in stages]
    )
    preprocessing = Preprocessing(manifest.input)
    never = open_bundle(bundle, mode)
    policy = type(never.mode.policy)((-np.inf,) * (len(stages) - 1))
    deep = Engine(
        cascade=Cascade(never._cascade.stages, policy), manifest=manifest, mode=never.mode, promise=never.promise
    )
    last = 2 * (len(stages) - 1)
    return (
        {
            "static": called(network, preprocessing),
            "static_bound": bound(network, preprocessing, len(manifest.classes)),
            "bundle": lambda pixels: engine.infer(pixels).class_index,
            "full_depth": lambda pixels: deep.infer(pixels).class_index,
            "one_piece": called(one_piece(stages).SerializeToString(), preprocessing, answer=last),
        },
        engine,
        [*macs, *up_to.tolist()],
    )


def timed(ways: dict[str, Way], images: UInt8Array, block: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Seconds per way and image, (clocks, images), of one pass over the images."""
    seconds = {name: np.empty((len(CLOCKS), len(images))) for name in ways}
    reads = list(CLOCKS.values())
    for start in range(0, len(images), block):
        for k in rng.permutation(len(ways)):
            name = list(ways)[k]
            way, kept = ways[name], seconds[name]
            for i in range(start, min(start + block, len(images))):
                began = [read() for read in reads]
                way(images[i])
                kept[:, i] = [read() - then for read, then in zip(reads, began, strict=True)]
    return seconds


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation over passes."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}


def judged(passes: Sequence[dict[str, FloatArray]], clock: int, macs_saved: float) -> dict[str, Any]:
    """Seconds of each way and ratios of them, pass by pass."""
    figures = {"mean": np.mean, "median": np.median, "p99": lambda seconds: np.quantile(seconds, 0.99)}
    by_way: dict[str, dict[str, list[float]]] = {
        name: {figure: [float(take(one[name][clock])) for one in passes] for figure, take in figures.items()}
        for name in passes[0]
    }
    ratios: dict[str, Any] = {}
    for way, other in RATIOS:
        ratios[f"{way} / {other}"] = {
            figure: spread([a / b for a, b in zip(by_way[way][figure], by_way[other][figure], strict=True)])
            for figure in figures
        }
    saved = [1.0 - a / b for a, b in zip(by_way["bundle"]["mean"], by_way["static"]["mean"], strict=True)]
    return {
        "seconds": {name: {figure: spread(values) for figure, values in of.items()} for name, of in by_way.items()},
        "ratios": ratios,
        "latency_saved": spread(saved),
        "paid": spread([each / macs_saved for each in saved]) if macs_saved > 0.0 else None,
    }


def measure(
    bundle: Path, static: Path, images: UInt8Array, mode: str | None, *, passes: int, block: int, seed: int
) -> dict[str, Any]:
    """One mode."""
    ways, engine, macs = ways_to_answer(bundle, static, mode)
    rng = np.random.default_rng(seed)
    exits = np.bincount([engine.infer(image).exit_index for image in images], minlength=len(macs) - 1)
    mix = exits / len(images)
    mean_macs = float(mix @ macs[1:])
    macs_saved = 1.0 - mean_macs / macs[0]
    timed(ways, images[:WARM_UP], block, rng)
    taken = [timed(ways, images[rng.permutation(len(images))], block, rng) for _ in range(passes)]
    return {
        "mode": engine.mode.name,
        "exits_taken": mix.tolist(),
        "macs": {"static": macs[0], "up_to_exit": macs[1:], "mean": mean_macs, "saved": macs_saved},
        **{clock: judged(taken, number, macs_saved) for number, clock in enumerate(CLOCKS)},
    }


def main() -> int:
    """Measure every mode asked for, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--static", type=Path, required=True, help="the ONNX network that the bundle was compiled from")
    parser.add_argument("--images", type=Path, required=True, help="npz with `images`, that chose nothing")
    parser.add_argument("--mode", action="append", help="repeat for several (default: the bundle's default mode)")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="images, drawn from the file")
    parser.add_argument("--block", type=int, default=1, help="images that a way answers before the next one's turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT")
    args = parser.parse_args()
    with np.load(args.images, allow_pickle=False) as file:
        every: UInt8Array = file["images"]
    chosen = np.random.default_rng(args.seed).choice(len(every), size=min(args.count, len(every)), replace=False)
    result: dict[str, Any] = {
        "command": "python -m tests.bench.bench_early_exit_latency --bundle RUN/bundle --static NETWORK.onnx"
        f" --images RUN/test.npz --passes {args.passes} --count {args.count} --block {args.block} --seed {args.seed}",
        "kind": "measured",
        "on": f"{this_machine()}; ONNX Runtime {onnxruntime.__version__}, CPU, 1 thread",
        "scheduling": "real-time (FIFO)" if os.sched_getscheduler(0) == os.SCHED_FIFO else "ordinary",
        "network": args.static.name,
        "images": len(chosen),
        "limits": LIMITS,
        "load_average_before": os.getloadavg(),
        "modes": [
            measure(args.bundle, args.static, every[chosen], mode, passes=args.passes, block=args.block, seed=args.seed)
            for mode in args.mode or [None]
        ],
    }
    result["load_average_after"] = os.getloadavg()
    print(json.dumps(result, indent=1))
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
