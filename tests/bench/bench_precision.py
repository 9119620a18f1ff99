"""One trained network in FP32, FP16, INT8 and mixed: accuracy on unseen images, and time on this machine.

    python -m tests.bench.bench_precision MODEL.onnx IMAGES [--board orin-nano-super] [--rounds 300] --json OUT

IMAGES is a folder of `train.npz` (ranges of activations), `calibration.npz` (sensitivities of layers) and `test.npz`
(judges; nothing is chosen on it), for a network that wants ImageNet's mean and standard deviation. It is converted
whole, without exits, and served by ONNX Runtime on the CPU, one thread, one image at a time. Formats take turns, round
by round, so that a noisy moment hits all of them; the ratio is the median over rounds of a format's time to FP32's in
the same round, on the clock and, for a machine that does other things besides, of the processor. What the board's model
says of the same work stands beside that: simulated, and its factors assumed.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from codesign.backbones.slice_onnx import IMAGE
from codesign.backbones.user_model import load_user_model
from codesign.exits.answers import onnx_session
from codesign.exits.exited_backbone import exited_backbone
from codesign.exits.user_exits import UserNetwork, exited
from codesign.search.pricing import Pricing
from codesign.stages.cut import cut_into_stages
from codesign.stages.layers import weighed_layers
from codesign.stages.lower import in_half_precision, in_integers
from codesign.stages.sensitivity import logits_of
from codesign.walk.mixed_step import Mixture, choose_layers, judge_layers
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork, stage_costs
from runtime.contract.precision import FP16, FP32, INT8, MIXED
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CALIBRATION, JUDGED_LAYERS = 256, 256
ALLOWED_CHANGES = (0.0025, 0.005, 0.01)


@dataclass(frozen=True, slots=True)
class Variant:
    """The network in one format, and of which format each layer's work is."""

    model: onnx.ModelProto
    formats: dict[str, str]
    mixture: Mixture | None = None


def variants(
    network: Path, calibration_images: Path, train: Path, pricing: Pricing, seed: int
) -> tuple[dict[str, Variant], TensorSpec]:
    """The formats by name, and how the network wants its images."""
    brought = load_user_model(network, None, None)
    spec = TensorSpec(brought.height, brought.width, IMAGENET_MEAN, IMAGENET_STD, brought.layout)
    whole, preprocess = exited(UserNetwork(brought, {}), []), Preprocessing(spec)
    calibration = preprocess(drawn(train, CALIBRATION, seed)[0])
    judged = preprocess(drawn(calibration_images, JUDGED_LAYERS, seed)[0])
    layers = weighed_layers(whole.model)
    found = {
        FP32: Variant(whole.model, {}),
        FP16: Variant(in_half_precision(whole.model, ()), dict.fromkeys(_outputs(whole.model), FP16)),
        INT8: Variant(in_integers(whole.model, (), layers, calibration), dict.fromkeys(layers, INT8)),
    }
    table = judge_layers(whole, pricing, calibration, judged, lambda _done, _of, _note: None)
    for allowed in ALLOWED_CHANGES:
        mixture = choose_layers(table, allowed)
        lowered = in_integers(whole.model, (), mixture.quantised, calibration)
        name = f"{MIXED}, {allowed:.2%} of answers may change"
        found[name] = Variant(lowered, dict.fromkeys(mixture.quantised, INT8), mixture)
    return found, spec


def drawn(file: Path, count: int, seed: int) -> tuple[Any, IntArray]:
    """Some images and their labels."""
    with np.load(file) as arrays:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(arrays["labels"]))[:count])
        return arrays["images"][chosen], arrays["labels"][chosen]


def timed_s(found: dict[str, Variant], image: FloatArray, rounds: int) -> dict[str, FloatArray]:
    """(rounds, 2) seconds per format, taken in turn: passed on the clock, and taken of the processor by this thread."""
    sessions = {}
    for name, variant in found.items():
        (stage,) = cut_into_stages(variant.model, [])
        sessions[name] = onnx_session(stage, 1)
        for _ in range(10):
            sessions[name].run(None, {IMAGE: image})
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sessions}
    for _ in range(rounds):
        for name, session in sessions.items():
            clock_s, processor_s = time.perf_counter(), time.thread_time()
            session.run(None, {IMAGE: image})
            taken[name].append((time.perf_counter() - clock_s, time.thread_time() - processor_s))
    return {name: np.asarray(seconds) for name, seconds in taken.items()}


def simulated(found: dict[str, Variant], pricing: Pricing) -> dict[str, dict[str, float]]:
    """What the board's model says of each format at default clocks."""
    fp32 = found[FP32].model
    at, costs = [pricing.points[pricing.default]], {}
    for name, variant in found.items():
        work = exited_backbone(fp32, (), (), variant.formats).static
        cost = stage_costs(pricing.model, [StageWork(work)], at)
        costs[name] = {"latency_s": float(cost.latency_s[0, 0]), "energy_j": float(cost.energy_j[0, 0])}
    return costs


def _spread(seconds: FloatArray, ratio: FloatArray) -> dict[str, Any]:
    return {
        "median": float(np.median(seconds)),
        "of_fp32": float(np.median(ratio)),
        "of_fp32_quartiles": np.quantile(ratio, [0.25, 0.75]).tolist(),
    }


def _outputs(model: onnx.ModelProto) -> list[str]:
    return [node.output[0] for node in model.graph.node]


def main() -> None:
    """Write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--board", default="orin-nano-super")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    board = profile(args.board)
    pricings = {
        device: Pricing(
            SimulatedBoard(board, device), board.points(device), board.default_point(device), board.max_point(device)
        )
        for device in board.devices
    }
    device = "cpu" if "cpu" in pricings else board.devices[0]
    images = args.images
    found, spec = variants(args.model, images / "calibration.npz", images / "train.npz", pricings[device], args.seed)
    with np.load(images / "test.npz") as arrays:
        tensor, labels = Preprocessing(spec)(arrays["images"]), arrays["labels"]
    logits = {name: logits_of(variant.model, ["logits"], tensor)[0] for name, variant in found.items()}
    seconds = timed_s(found, tensor[:1], args.rounds)
    on_boards = {device: simulated(found, pricing) for device, pricing in pricings.items()}
    rows = {}
    for name, variant in found.items():
        ratio = seconds[name] / seconds[FP32]
        rows[name] = {
            "accuracy": float((logits[name].argmax(axis=1) == labels).mean()),
            "agreement_with_fp32": float((logits[name].argmax(axis=1) == logits[FP32].argmax(axis=1)).mean()),
            "file_bytes": variant.model.ByteSize(),
            "latency_s": _spread(seconds[name][:, 0], ratio[:, 0]),
            "processor_s": _spread(seconds[name][:, 1], ratio[:, 1]),
            "simulated": {device: costs[name] for device, costs in on_boards.items()},
        }
        if variant.mixture is not None:
            mixture = variant.mixture
            rows[name]["mixture"] = {
                "layers": len(mixture.quantised) + len(mixture.kept),
                "in_fp32": list(mixture.kept),
                "predicted_changed_answers": mixture.predicted_change,
                "predicted_share_of_possible_saving": mixture.predicted_saving_j / mixture.possible_saving_j,
            }
    result = {
        "model": args.model.name,
        "test_images": len(labels),
        "seed": args.seed,
        "rounds": args.rounds,
        "accuracy_and_latency": "measured",
        "board": f"{args.board}, default clocks, simulated; factors of formats assumed; layers chosen for its {device}",
        "machine": f"{platform.system()} {platform.machine()}, ONNX Runtime {onnxruntime.__version__}, one thread",
        "formats": rows,
    }
    args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, row in rows.items():
        print(
            f"{name}: {row['accuracy']:.2%}, agrees on {row['agreement_with_fp32']:.2%}, "
            f"{row['latency_s']['median'] * 1e3:.3f} ms ({row['latency_s']['of_fp32']:.2f} of FP32 on the clock, "
            f"{row['processor_s']['of_fp32']:.2f} of the processor)"
        )


if __name__ == "__main__":
    main()
