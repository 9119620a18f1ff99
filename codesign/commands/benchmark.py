"""Measure how good the parts of this program are, on anybody's data."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter

BENCHMARKS = {
    "board-model": "benchmark_board_model",
    "predictors": "benchmark_predictors",
    "cost-models": "benchmark_cost_models",
    "new-board": "benchmark_new_board",
    "search": "benchmark_search",
    "inner": "benchmark_inner",
}


def add_arguments(parser: ArgumentParser) -> None:
    """The benchmarks, each with arguments of its own; its module's docstring is its help."""
    benchmarks = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
    for name, module_name in BENCHMARKS.items():
        module = importlib.import_module(f"codesign.commands.{module_name}")
        text = (module.__doc__ or "").strip()
        one = benchmarks.add_parser(
            name, help=text.splitlines()[0].rstrip("."), description=text, formatter_class=RawDescriptionHelpFormatter
        )
        module.add_arguments(one)
        one.set_defaults(run_benchmark=module.run)


def run(args: Namespace) -> int:
    """Run the benchmark that was named."""
    return int(args.run_benchmark(args))
