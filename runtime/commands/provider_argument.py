"""The `--provider` option of commands that run a bundle."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Iterable, Sequence
from pathlib import Path

from runtime.boards.sysfs.tree import TreeIO
from runtime.engine.engine_key import build_site
from runtime.engine.provider import AUTO, CHOICES, CPU, CUDA, ON_CPU, TENSORRT, Provider

ENGINE_CACHE = "engine_cache"  # under the install root: built here, by whoever may write there
NAMED = tuple(choice for choice in CHOICES if choice != AUTO)
SHOWN = {CPU: "CPU", CUDA: "CUDA", TENSORRT: "TensorRT"}


def add_provider(parser: ArgumentParser | _ArgumentGroup, choices: Sequence[str] = CHOICES) -> None:
    """`--provider NAME`: what runs the stages."""
    auto = ", auto says what it took" if AUTO in choices else ""
    parser.add_argument(
        "--provider",
        choices=choices,
        default=CPU,
        help=f"of ONNX Runtime; what is asked for is used or it is an error{auto} (default: cpu)",
    )


def provider_of(asked: str, root: Path) -> Provider:
    """What was asked for, with what TensorRT needs to keep its engines under `root`."""
    if asked == CPU:
        return ON_CPU
    return Provider(asked, engines=root / ENGINE_CACHE, site=build_site(TreeIO()))


def providers_text(taken: Iterable[str]) -> str:
    """What the stages really run on, in words."""
    return " and ".join(SHOWN.get(name, name) for name in dict.fromkeys(taken))
