"""Options of `codesign compile` for trained networks of the user's own."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from codesign.walk.preprocessing_file import GivenPreprocessing, read_preprocessing

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def three_numbers(text: str) -> tuple[float, ...]:
    """`0.5,0.5,0.5`, one per channel."""
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"three numbers with commas between them, like 0.5,0.5,0.5, not {text!r}") from error
    return red, green, blue


def height_and_width(text: str) -> tuple[int, int]:
    """`224x224`, or `224` for both."""
    height, _, width = text.partition("x")
    try:
        return int(height), int(width or height)
    except ValueError as error:
        raise ArgumentTypeError(f"a height and a width in pixels, like 224x224, not {text!r}") from error


def add_network_arguments(parser: ArgumentParser) -> None:
    """A group of their own in the help."""
    own = parser.add_argument_group("networks of your own, instead of a supernet")
    own.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="FILE",
        help="a trained ONNX classifier; several make a chain in the order of their work",
    )
    own.add_argument(
        "--calibration",
        metavar="npz:FILE",
        help="images the networks have never seen: half choose thresholds, half certify them",
    )
    own.add_argument(
        "--mean",
        type=three_numbers,
        metavar="R,G,B",
        help="of images scaled to 0-1 (ImageNet's)",
    )
    own.add_argument("--std", type=three_numbers, metavar="R,G,B", help="likewise")
    own.add_argument("--size", type=height_and_width, metavar="HxW", help="where the networks leave it open")
    own.add_argument("--layout", choices=("NCHW", "NHWC"), help="where the networks leave their channels open")
    own.add_argument(
        "--preprocessing",
        type=Path,
        metavar="FILE.toml",
        help="mean, std, size and layout as keys of a TOML file; what is given above wins",
    )
    own.add_argument("--head-epochs", type=int, default=16, metavar="N", help="of the heads' training (default: 16)")
    own.add_argument(
        "--finetune",
        action="store_true",
        help="train the networks on together with their exits, which changes their weights; what a network alone gets "
        "right on new images is kept",
    )
    own.add_argument("--finetune-epochs", type=int, default=14, metavar="N", help="of that training (default: 14)")
    own.add_argument(
        "--front",
        choices=("distil",),
        help="with one network: train a small one of a sixth of its work to answer as it does, and put it before it",
    )
    own.add_argument("--front-epochs", type=int, default=24, metavar="N", help="of that training (default: 24)")


def network_settings(args: Namespace) -> dict[str, Any]:
    """The same as fields of `Settings`. Raises ConfigError on a preprocessing file that cannot be used."""
    told = GivenPreprocessing() if args.preprocessing is None else read_preprocessing(args.preprocessing)
    return {
        "models": tuple(args.model),
        "calibration": args.calibration,
        "mean": args.mean or told.mean or IMAGENET_MEAN,
        "std": args.std or told.std or IMAGENET_STD,
        "size": args.size or told.size,
        "layout": args.layout or told.layout,
        "head_epochs": args.head_epochs,
        "finetune": args.finetune,
        "finetune_epochs": args.finetune_epochs,
        "front": args.front,
        "front_epochs": args.front_epochs,
    }
