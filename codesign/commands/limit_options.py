"""Options of `codesign compile` that say what every design must keep to."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

PER_SI, MEGA = 1e3, 1e6  # milliseconds and millijoules; bytes


def add_limit_arguments(parser: ArgumentParser) -> None:
    """A group of their own in the help."""
    group = parser.add_argument_group(
        "limits",
        "held by every design that is considered and every mode that is written, on the images that choose designs; "
        "latency, energy, memory and size are predicted for the board",
    )
    group.add_argument("--min-accuracy", type=float, metavar="SHARE", help="right answers (0.9 is 90 %%)")
    group.add_argument("--max-mean-latency-ms", type=float, metavar="MS", help="mean over the images")
    group.add_argument("--max-p99-latency-ms", type=float, metavar="MS", help="what 99 %% of the images keep to")
    group.add_argument(
        "--max-latency-ms", type=float, metavar="MS", help="worst case: an image that runs through every stage"
    )
    group.add_argument("--max-energy-mj", type=float, metavar="MJ", help="millijoules per image, of the --energy kind")
    group.add_argument(
        "--max-memory-mb",
        type=float,
        metavar="MB",
        help="weights of all stages and activations alive at once, in 10^6 bytes; ONNX Runtime itself takes more",
    )
    group.add_argument("--max-size-mb", type=float, metavar="MB", help="files of the stages of one mode, in 10^6 bytes")
    group.add_argument(
        "--min-throughput",
        type=float,
        metavar="HZ",
        help="images per second back to back; of a batch, images share only what entering a stage costs",
    )
    group.add_argument(
        "--batch", type=int, default=1, metavar="N", help="images at a time, for throughput and memory (default: 1)"
    )
    group.add_argument(
        "--leave-out-clocks",
        metavar="LIST",
        help="operating points that may not be chosen, in MHz: gpu=306,emc=0-665 leaves out that GPU clock and those "
        "memory clocks; cpu= likewise",
    )


def limit_settings(args: Namespace) -> dict[str, Any]:
    """The same as fields of `Settings`, in SI units."""
    return {
        "min_accuracy": args.min_accuracy,
        "max_mean_latency_s": _si(args.max_mean_latency_ms),
        "max_p99_latency_s": _si(args.max_p99_latency_ms),
        "max_latency_s": _si(args.max_latency_ms),
        "max_energy_j": _si(args.max_energy_mj),
        "max_memory_bytes": _bytes(args.max_memory_mb),
        "max_size_bytes": _bytes(args.max_size_mb),
        "min_images_per_s": args.min_throughput,
        "batch": args.batch,
        "left_out_clocks": () if args.leave_out_clocks is None else tuple(args.leave_out_clocks.split(",")),
    }


def _si(value: float | None) -> float | None:
    return None if value is None else value / PER_SI


def _bytes(value: float | None) -> float | None:
    return None if value is None else value * MEGA
