"""The `--provider` option of commands that run a bundle."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runtime.boards.sysfs.tree import TreeIO
from runtime.engine.engine_builder import Builder
from runtime.engine.engine_key import build_site
from runtime.engine.provider import AUTO, CHOICES, CPU, CUDA, NATIVE, ON_CPU, TENSORRT, Provider
from runtime.install.engines import engine_folder

OF_ONNX_RUNTIME = (CPU, CUDA, TENSORRT)
SHOWN = {CPU: "CPU", CUDA: "CUDA", TENSORRT: "TensorRT by ONNX Runtime", NATIVE: "TensorRT"}


def add_provider(parser: ArgumentParser | _ArgumentGroup, choices: Sequence[str] = CHOICES) -> None:
    """`--provider NAME`: what runs the stages."""
    auto = ", auto says what it took" if AUTO in choices else ""
    parser.add_argument(
        "--provider",
        choices=choices,
        default=CPU,
        help=f"what runs the stages; what is asked for is used or it is an error{auto} (default: cpu)",
    )


def provider_of(asked: str, root: Path, report: Callable[[str], None] = lambda _: None) -> Provider:
    """What was asked for, with what TensorRT needs to keep its engines under `root`.

    Args:
        report: is told of engines that have to be built.
    """
    if asked == CPU:
        return ON_CPU
    return Provider(asked, engines=engine_folder(root), site=build_site(TreeIO()), builder=Builder(report=report))


def providers_text(taken: Iterable[str]) -> str:
    """What the stages really run on, in words."""
    return " and ".join(SHOWN.get(name, name) for name in dict.fromkeys(taken))
