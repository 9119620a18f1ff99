"""Compile a data set for a board: search, write a bundle, and show in a report what it saves.

Writes OUT/bundle (for the board), OUT/report.html (for people), OUT/results.json (for scripts) and OUT/test.npz (the
untouched test images, for `edge-runtime run`). Interrupt it at any time and continue with --resume.
"""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from codesign.space.preset import preset_names
from codesign.walk.measure_target import measure_target
from codesign.walk.preprocessing_file import GivenPreprocessing, read_preprocessing
from codesign.walk.settings import Settings
from runtime.boards.profile import known_boards
from runtime.contract.precision import FP32, PRECISIONS

from .cache_folder import default_cache

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


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--data", required=True, metavar="SPEC", help="digits, cifar10:FOLDER, cifar100:FOLDER or images:FOLDER"
    )
    parser.add_argument("--board", required=True, help=f"one of: {', '.join(known_boards())}")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the run folder")
    parser.add_argument(
        "--device", default="gpu", choices=("gpu", "cpu"), help="what the networks run on (default: gpu)"
    )
    parser.add_argument(
        "--request-rate", type=float, default=30.0, metavar="HZ", help="requests per second to serve (default: 30)"
    )
    parser.add_argument(
        "--max-accuracy-loss",
        type=float,
        default=0.01,
        metavar="SHARE",
        help="what the default mode may lose against the full network (default: 0.01, one point)",
    )
    parser.add_argument(
        "--max-latency-ms", type=float, metavar="MS", help="worst case: an image that runs through every stage"
    )
    parser.add_argument(
        "--energy",
        default="back_to_back",
        choices=("back_to_back", "served"),
        help="which energy is minimised: of one inference, or of one request at the request rate, idle included",
    )
    parser.add_argument(
        "--epsilon", type=float, default=0.01, metavar="E", help="share of images the certified mode may harm (0.01)"
    )
    parser.add_argument("--delta", type=float, default=0.1, metavar="D", help="1 - confidence of the certificate (0.1)")
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
    parser.add_argument(
        "--precision",
        default=FP32,
        choices=PRECISIONS,
        help="number format of what is deployed, whose accuracy is certified; mixed: int8, sensitive layers fp32",
    )
    parser.add_argument(
        "--precision-change",
        type=float,
        default=0.005,
        metavar="SHARE",
        help="with mixed: share of answers that may change, as predicted layer by layer (default: 0.005)",
    )
    parser.add_argument("--supernet", metavar="CHECKPOINT", help="a folder written by `codesign train-supernet`")
    parser.add_argument("--space", default="tiny", help=f"{', '.join(preset_names())}, or a .toml file (default: tiny)")
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="of the supernet's training (default: the space's recipe)"
    )
    parser.add_argument(
        "--augment",
        choices=("none", "shift", "shift-flip"),
        help="how training images are varied (default: shift-flip; digits: shift)",
    )
    parser.add_argument("--population", type=int, metavar="N", help="of the outer search (default: the space's budget)")
    parser.add_argument(
        "--generations", type=int, metavar="N", help="of the outer search (default: the space's budget)"
    )
    parser.add_argument(
        "--foresee",
        action="store_true",
        help="evaluate only backbones whose predicted accuracy is worth it: about half as many in as many generations",
    )
    parser.add_argument(
        "--measure",
        metavar="WHERE",
        help="measure the chosen designs at the end and show that beside what was predicted: local (this machine), or "
        "ssh://user@host[:port][/path/to/edge-runtime]",
    )
    parser.add_argument(
        "--predictor",
        metavar="FIT",
        help="price backbones by what `codesign fit` learnt of this space on this board: its folder, or its file",
    )
    parser.add_argument(
        "--measure-uncertain",
        type=int,
        default=8,
        metavar="K",
        help="with --predictor and --measure: backbones near the front that it is least sure of are measured, and it "
        "is fitted again with them (default: 8; 0: none)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_cache(),
        metavar="DIR",
        help="keeps trained supernets (default: %(default)s)",
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--dry-run", action="store_true", help="estimate time, memory and disk, then stop")
    parser.add_argument("--json", action="store_true", help="print the headline figures as JSON")


def run(args: Namespace) -> int:
    """Compile, or estimate."""
    told = GivenPreprocessing() if args.preprocessing is None else read_preprocessing(args.preprocessing)
    settings = Settings(
        data=args.data,
        board=args.board,
        device=args.device,
        space=args.space,
        requests_per_s=args.request_rate,
        max_accuracy_loss=args.max_accuracy_loss,
        max_latency_s=None if args.max_latency_ms is None else args.max_latency_ms / 1e3,
        energy=args.energy,
        epsilon=args.epsilon,
        delta=args.delta,
        models=tuple(args.model),
        calibration=args.calibration,
        mean=args.mean or told.mean or IMAGENET_MEAN,
        std=args.std or told.std or IMAGENET_STD,
        size=args.size or told.size,
        layout=args.layout or told.layout,
        head_epochs=args.head_epochs,
        finetune=args.finetune,
        finetune_epochs=args.finetune_epochs,
        front=args.front,
        front_epochs=args.front_epochs,
        precision=args.precision,
        precision_change=args.precision_change,
        supernet=args.supernet,
        predictor=args.predictor,
        foresee=args.foresee,
        measure_uncertain=args.measure_uncertain,
        epochs=args.epochs,
        augment=args.augment,
        population=args.population,
        generations=args.generations,
        seed=args.seed,
    )
    measure = None if args.measure is None else measure_target(args.measure)
    # Imported here: torch takes seconds, and --help should not.
    from codesign.walk.compile import compile_bundle
    from codesign.walk.progress import Steps

    from .compile_summary import print_estimate, print_summary

    if args.dry_run:
        from codesign.walk.estimate import estimate

        print_estimate(estimate(settings, args.cache), as_json=args.json)
        return 0
    command = shlex.join(["codesign", *sys.argv[1:]])
    compiled = compile_bundle(
        settings, args.out, args.cache, command, resume=args.resume, steps=Steps(), measure=measure
    )
    print_summary(compiled.folder, compiled.results, as_json=args.json)
    return 0
