"""Compile a data set for a board: search, write a bundle, and show in a report what it saves.

Writes OUT/bundle (for the board), OUT/report.html (for people), OUT/results.json (for scripts) and OUT/test.npz (the
untouched test images, for `edge-runtime run`). With several boards, all of that is in OUT/NAME, and OUT/index.html
leads there. Interrupt it at any time and continue with --resume.
"""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from codesign.space.preset import preset_names
from codesign.walk.measure_target import measure_target
from codesign.walk.settings import Settings
from runtime.boards.profile import known_boards
from runtime.contract.errors import ConfigError
from runtime.contract.exit_score import ENTROPY, SCORES
from runtime.contract.precision import FP32, PRECISIONS

from .cache_folder import default_cache
from .cluster import COMPILE, add_ray_argument, boards_of, workplace_of
from .limit_options import add_limit_arguments, limit_settings
from .network_options import add_network_arguments, network_settings


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    asked = parser.add_argument_group("what is asked of it")
    add_limit_arguments(parser)
    add_network_arguments(parser)
    deployed = parser.add_argument_group("what is deployed")
    search = parser.add_argument_group("supernet and search")
    costs = parser.add_argument_group("where costs come from, instead of the board's model alone")
    running = parser.add_argument_group("the run itself")
    parser.add_argument(
        "--data", required=True, metavar="SPEC", help="digits, cifar10:FOLDER, cifar100:FOLDER or images:FOLDER"
    )
    parser.add_argument(
        "--board",
        required=True,
        action="append",
        metavar="NAME",
        help=f"one of: {', '.join(known_boards())}; given several times, a bundle for each in OUT/NAME from shared "
        "evaluations",
    )
    parser.add_argument(
        "--one-design",
        choices=("mean", "worst"),
        help="with several boards: the same networks, exits and thresholds on all of them, clocks of each board's own; "
        "chosen by the mean of the boards' energies, or by the board that fares worst",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the run folder")
    parser.add_argument(
        "--device", default="gpu", choices=("gpu", "cpu"), help="what the networks run on (default: gpu)"
    )
    asked.add_argument(
        "--request-rate", type=float, default=30.0, metavar="HZ", help="requests per second to serve (default: 30)"
    )
    asked.add_argument(
        "--max-accuracy-loss",
        type=float,
        default=0.01,
        metavar="SHARE",
        help="what the default mode may lose against the full network (default: 0.01, one point)",
    )
    asked.add_argument(
        "--energy",
        default="back_to_back",
        choices=("back_to_back", "served"),
        help="which energy is minimised: of one inference, or of one request at the request rate, idle included",
    )
    asked.add_argument(
        "--epsilon", type=float, default=0.01, metavar="E", help="share of images the certified mode may harm (0.01)"
    )
    asked.add_argument("--delta", type=float, default=0.1, metavar="D", help="1 - confidence of the certificate (0.1)")
    asked.add_argument(
        "--score", default=ENTROPY, choices=tuple(SCORES), help="how unsure an exit is goes by this (default: entropy)"
    )
    deployed.add_argument(
        "--precision",
        default=FP32,
        choices=PRECISIONS,
        help="number format of what is deployed, whose accuracy is certified; mixed: int8, sensitive layers fp32",
    )
    deployed.add_argument(
        "--precision-change",
        type=float,
        default=0.005,
        metavar="SHARE",
        help="with mixed: share of answers that may change, as predicted layer by layer (default: 0.005)",
    )
    search.add_argument("--supernet", metavar="CHECKPOINT", help="a folder written by `codesign train-supernet`")
    search.add_argument("--space", default="tiny", help=f"{', '.join(preset_names())}, or a .toml file (default: tiny)")
    search.add_argument(
        "--epochs", type=int, metavar="N", help="of the supernet's training (default: the space's recipe)"
    )
    search.add_argument(
        "--augment",
        choices=("none", "shift", "shift-flip"),
        help="how training images are varied (default: shift-flip; digits: shift)",
    )
    search.add_argument("--population", type=int, metavar="N", help="of the outer search (default: the space's budget)")
    search.add_argument(
        "--generations", type=int, metavar="N", help="of the outer search (default: the space's budget)"
    )
    search.add_argument(
        "--foresee",
        action="store_true",
        help="evaluate only backbones whose predicted accuracy is worth it: about half as many in as many generations",
    )
    search.add_argument(
        "--strategy",
        default="house",
        metavar="NAME",
        help="how chains of backbones are searched, at the same budget: house (default), hadas (as published), or one "
        "of `codesign benchmark search`, like random or local-search",
    )
    search.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="GENE=VALUE",
        help="keep the search from what the board is bad at, like kernel=5, stage1.expansion=4 or resolution=16,24",
    )
    costs.add_argument(
        "--measure",
        metavar="WHERE",
        help="measure the chosen designs at the end and show that beside what was predicted: local (this machine), or "
        "ssh://user@host[:port][/path/to/edge-runtime]",
    )
    costs.add_argument(
        "--predictor",
        metavar="FIT",
        help="price backbones by what `codesign fit` learnt of this space on this board: its folder, or its file",
    )
    costs.add_argument(
        "--measure-uncertain",
        type=int,
        default=8,
        metavar="K",
        help="with --predictor and --measure: backbones near the front that it is least sure of are measured, and it "
        "is fitted again with them (default: 8; 0: none)",
    )
    search.add_argument(
        "--from",
        dest="warm_start",
        metavar="RUN",
        help="a run folder, or its archive.jsonl, say of another board: what was evaluated there is not done again "
        "where all that decided it is the same, and the search starts from that run's front",
    )
    add_ray_argument(parser, COMPILE)
    search.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")
    running.add_argument(
        "--cache",
        type=Path,
        default=default_cache(),
        metavar="DIR",
        help="keeps trained supernets (default: %(default)s)",
    )
    deployed.add_argument(
        "--engines-from",
        metavar="WHERE",
        help="at the end, have this board build the bundle's TensorRT engines for a fleet of its kind: ssh://user@host"
        "[:port][/path/to/edge-runtime]; later: `codesign engines`",
    )
    running.add_argument("--resume", action="store_true", help="continue the run in --out")
    running.add_argument("--dry-run", action="store_true", help="estimate time, memory and disk, then stop")
    running.add_argument("--json", action="store_true", help="print the headline figures as JSON")


def run(args: Namespace) -> int:
    """Compile, or estimate."""
    settings = Settings(
        data=args.data,
        board=args.board[0],
        device=args.device,
        space=args.space,
        requests_per_s=args.request_rate,
        max_accuracy_loss=args.max_accuracy_loss,
        energy=args.energy,
        epsilon=args.epsilon,
        delta=args.delta,
        score=args.score,
        precision=args.precision,
        precision_change=args.precision_change,
        supernet=args.supernet,
        predictor=args.predictor,
        warm_start=args.warm_start,
        foresee=args.foresee,
        strategy=args.strategy,
        left_out_genes=tuple(args.leave_out),
        measure_uncertain=args.measure_uncertain,
        epochs=args.epochs,
        augment=args.augment,
        population=args.population,
        generations=args.generations,
        seed=args.seed,
        **limit_settings(args),
        **network_settings(args),
    )
    measure = None if args.measure is None else measure_target(args.measure)
    engines_from = None if args.engines_from is None else measure_target(args.engines_from, option="--engines-from")
    if engines_from is not None and len(args.board) > 1:
        raise ConfigError(
            "--engines-from is for one board: each builds engines of its own kind",
            to_do="compile without it, then `codesign engines OUT/NAME --from …` for each",
        )
    # Imported here: torch takes seconds, and --help should not.
    from codesign.walk.boards_step import INDEX, compile_boards
    from codesign.walk.compile import compile_bundle
    from codesign.walk.progress import Steps

    from .compile_summary import print_boards, print_estimate, print_summary

    if args.dry_run:
        from codesign.walk.estimate import Estimate, estimate

        each = [estimate(replace(settings, board=board), args.cache) for board in args.board]
        print_estimate(each[0] if len(each) == 1 else Estimate.of_boards(each), as_json=args.json)
        return 0
    command = shlex.join(["codesign", *sys.argv[1:]])
    with workplace_of(args.ray, boards_of(measure)) as workplace:
        how: Any = {"resume": args.resume, "steps": Steps(), "measure": measure, "workplace": workplace}
        if len(args.board) == 1 and args.one_design is not None:
            raise ConfigError("--one-design is for several boards", to_do="give --board once for each of them")
        if len(args.board) == 1:
            compiled = compile_bundle(settings, args.out, args.cache, command, **how)
            print_summary(compiled.folder, compiled.results, as_json=args.json)
            if engines_from is not None:
                from .engines import SOME_WITHOUT, fetch_all

                return 0 if fetch_all([compiled.folder.bundle], engines_from, quiet=args.json) else SOME_WITHOUT
            return 0
        if args.one_design is None:
            all_boards = compile_boards(settings, args.board, args.out, args.cache, command, **how)
        else:
            from codesign.walk.one_design_step import compile_one_design

            all_boards = compile_one_design(settings, args.board, args.one_design, args.out, args.cache, command, **how)
    by_name = {board: (one.folder, one.results) for board, one in zip(args.board, all_boards, strict=True)}
    print_boards(by_name, args.out / INDEX, as_json=args.json)
    return 0
