"""Fit a predictor of cost for a board: measure designs until it is accurate enough at every depth.

After ESM (DAC 2025): sample networks of a space, measure them, fit, judge the fit in each bin of network depth on
held-out measured networks, and measure more where a bin is not accurate enough, until every bin is or
--max-measurements is reached. With --measure networks are timed by `edge-runtime measure`, here or on a board; without,
their costs are those of a board's model (simulated, with an assumed scatter of 1 %).

--space is resnet, mobilenetv3 or densenet, after ESM's Table I, or a supernet's space (tiny, attentivenas, …), whose
predictor `codesign compile --predictor` prices backbones by; or a TOML file like those.
Run the same command again to go on with a fit that was interrupted: nothing is measured twice.

The folder then holds predictor.npz, costs.npz (the table of costs, for `codesign benchmark predictors`), report.json,
fit.svg and journal.jsonl (every batch that was measured).

Exit status: 0 every bin passed; 1 --max-measurements came first (the predictor is written all the same); 2 bad input.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codesign.predict.fitting.rules import SAMPLINGS, LoopRules
from codesign.walk.measure_target import measure_target
from runtime.boards.profile import known_boards
from runtime.contract.errors import ConfigError

from .cluster import FIT, add_ray_argument, boards_of, workplace_of
from .network_options import height_and_width

NOT_ACCURATE_ENOUGH = 1
DEFAULT = LoopRules()


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--space",
        required=True,
        help="resnet, mobilenetv3, densenet, a supernet's space like tiny, or a .toml file",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where everything is left")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--board", help=f"simulate one of: {', '.join(known_boards())}")
    where.add_argument(
        "--measure", metavar="WHERE", help="local (this machine), or ssh://user@host[:port][/path/to/edge-runtime]"
    )
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"), help="of the simulated board (default: gpu)")
    parser.add_argument(
        "--clocks",
        default="default",
        help="default (of the simulated board; as found where designs are measured), fastest (of the simulated board), "
        "or CPU,GPU,EMC in hertz",
    )
    parser.add_argument("--cost", default="latency", choices=("latency", "energy"), help="what is predicted")
    parser.add_argument(
        "--model",
        metavar="NAME[:ENCODING]",
        help="house (default), mlp (ESM's, with FCC), or another; best (default for a supernet's space): all are "
        "compared by cross-validation, the best is kept, and the report says how the others did",
    )
    of_supernet = parser.add_argument_group("backbones of a supernet")
    of_supernet.add_argument(
        "--image", type=height_and_width, default=(32, 32), metavar="HxW", help="that they take (default: 32x32)"
    )
    of_supernet.add_argument("--classes", type=int, default=10, metavar="N", help="they tell apart (default: 10)")
    _loop_arguments(parser.add_argument_group("the loop"))
    _measuring_arguments(parser.add_argument_group("measuring"))
    add_ray_argument(parser, FIT)
    parser.add_argument("--seed", type=int, default=DEFAULT.seed, metavar="N", help="of everything random (default: 0)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the report there too")


def run(args: Namespace) -> int:
    """Fit, print, and say whether every bin passed."""
    # Imported here, since these bring scipy, for which `--help` need not wait.
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.walk.fit_models import BEST, HOUSE, fit_model
    from codesign.walk.fit_networks import is_supernet
    from codesign.walk.fit_step import FitSettings, fit_predictor
    from codesign.walk.measure_run import Programs
    from codesign.walk.run_folder import write_text

    rules = LoopRules(
        sampling=args.sampling,
        initial=args.initial,
        extra=args.extra,
        bins=args.bins,
        bin_accuracy=args.bin_accuracy,
        max_measurements=args.max_measurements,
        test_per_bin=args.test_per_bin,
        below=args.below,
        above=args.above,
        batch=args.batch,
        references=args.references,
        max_spread=args.max_spread,
        attempts=args.attempts,
        seed=args.seed,
    )
    settings = FitSettings(
        space=args.space,
        model=fit_model(args.model or (BEST if is_supernet(args.space) else HOUSE)),
        rules=rules,
        cost=args.cost,
        board=args.board,
        device=args.device,
        target=None if args.measure is None else measure_target(args.measure),
        passes=args.passes,
        runs=args.runs,
        keep=args.keep,
        image=args.image,
        classes=args.classes,
        clocks=args.clocks,
    )
    boards = boards_of(settings.target)
    if args.ray is not None and not boards:
        raise ConfigError("--ray reaches boards, and none is measured", to_do="give --measure ssh://…, or leave it out")
    # The matrices are small, and a board that is measured here needs the other cores idle.
    with threadpool_limits(1), workplace_of(args.ray, boards) as workplace:
        result = fit_predictor(settings, args.out, programs=Programs(workplace=workplace))
    if args.json is not None:
        write_text(args.json, json.dumps(result.report, indent=1, ensure_ascii=False) + "\n")
    print_report(result.report, result.folder.path)
    return 0 if result.report["passed"] else NOT_ACCURATE_ENOUGH


def print_report(report: Mapping[str, Any], folder: Path) -> None:
    """The bins, and what it took."""
    for each in report["bins"]:
        fewest, most = each["blocks"]
        verdict = "passes" if each["passed"] else "not accurate enough"
        accuracy = each["accuracy"]["value"]
        print(f"{fewest:>3}–{most:<3} blocks: accuracy {accuracy:.1%}, {each['learnt_from']} learnt from  {verdict}")
    for row in report.get("models", {}).get("rows", ()):
        print(f"{row['model']} {row['encoding']}: {row['mape']:.2%} mean error (cross-validation, predicted)")
    counts, costs = report["measurements"], report["costs"]
    print(
        f"{counts['to_learn_from']} networks to learn from, {counts['test']} to test; accuracy "
        f"{report['accuracy']['value']:.1%} (predicted by {report['model']}, against {costs['kind']} {report['cost']} "
        f"on {costs['on']})"
    )
    if unsteady := counts["batches_not_vouched_for"]:
        print(
            f"in {unsteady} of {counts['batches']} batches the reference networks did not stay the same: measure again"
        )
    print(f"everything is in {folder}")


def _loop_arguments(group: Any) -> None:
    group.add_argument("--sampling", default=DEFAULT.sampling, choices=SAMPLINGS, help="of designs (default: balanced)")
    for name, what in (
        ("initial", "designs measured at first"),
        ("extra", "designs added in each round"),
        ("bins", "bins of equal width along the number of blocks"),
        ("max-measurements", "designs to learn from, at most"),
        ("test-per-bin", "held-out designs of each bin"),
    ):
        default = getattr(DEFAULT, name.replace("-", "_"))
        group.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{what} (default: {default})")
    group.add_argument(
        "--bin-accuracy",
        type=float,
        default=DEFAULT.bin_accuracy,
        metavar="SHARE",
        help="1 - mean relative error that every bin must reach (default: 0.95)",
    )
    group.add_argument(
        "--below",
        type=float,
        default=DEFAULT.below,
        metavar="W",
        help="weight of bins that are not accurate enough, when designs are added (default: 0.8)",
    )
    group.add_argument("--above", type=float, default=DEFAULT.above, metavar="W", help="of the others (default: 0.2)")


def _measuring_arguments(group: Any) -> None:
    group.add_argument("--runs", type=int, default=150, metavar="N", help="of each network (default: 150)")
    group.add_argument(
        "--keep", type=float, default=0.6, metavar="SHARE", help="middle share of the runs that counts (default: 0.6)"
    )
    group.add_argument(
        "--passes",
        type=int,
        default=1,
        metavar="N",
        help="over each batch; the lowest that another confirms counts (default: 1)",
    )
    for name, what in (
        ("batch", "designs measured together"),
        ("references", "reference designs in every batch"),
        ("attempts", "at a batch in which the reference designs are not what they were"),
    ):
        default = getattr(DEFAULT, name)
        group.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{what} (default: {default})")
    group.add_argument(
        "--max-spread",
        type=float,
        default=DEFAULT.max_spread,
        metavar="SHARE",
        help="of a reference about its median, beyond which a batch is measured again (default: 0.03)",
    )
