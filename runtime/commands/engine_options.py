"""The options of commands that build engines, and what such a command says of them."""

from __future__ import annotations

import math
from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Iterator

from runtime.contract.errors import ConfigError
from runtime.engine.engine_builder import MIB, Builder, BuildLimits
from runtime.install.engines import Readied

Report = Callable[[str], None]


def add_build_limits(parser: ArgumentParser | _ArgumentGroup) -> None:
    """`--max-seconds`, `--max-memory-mb`, `--workspace-mb`: of building one stage."""
    default = BuildLimits()
    parser.add_argument(
        "--max-seconds", type=float, default=default.time_s, metavar="S", help="for one stage (default: %(default)s)"
    )
    parser.add_argument(
        "--max-memory-mb",
        type=float,
        default=default.resident_bytes / MIB,
        metavar="MB",
        help="that the builder may take (default: %(default)s)",
    )
    parser.add_argument(
        "--workspace-mb",
        type=float,
        default=default.workspace_bytes / MIB,
        metavar="MB",
        help="for one layer's scratch memory (default: %(default)s)",
    )


def builder_of(seconds: float, memory_mb: float, workspace_mb: float, report: Report) -> Builder:
    """The builder that these options ask for. Raises ConfigError on a limit with which nothing could be built."""
    for option, value in (("--max-seconds", seconds), ("--max-memory-mb", memory_mb), ("--workspace-mb", workspace_mb)):
        if not 0 < value < math.inf:
            raise ConfigError(
                f"{option} must be above 0, and a number, got {value:g}", to_do="leave it out for its default"
            )
    limits = BuildLimits(time_s=seconds, resident_bytes=int(memory_mb * MIB), workspace_bytes=int(workspace_mb * MIB))
    return Builder(limits, report=report)


def told(readied: Readied) -> Iterator[str]:
    """What was done, in lines."""
    shipped = readied.shipped
    if shipped is not None and shipped.taken:
        yield f"engines: {len(shipped.taken)} came with the bundle, signed by a key that is trusted here"
    if shipped is not None and shipped.elsewhere:
        yield f"engines: {shipped.elsewhere} came with the bundle for other boards or versions of TensorRT: not used"
    for sentence in () if shipped is None else shipped.refused:
        yield f"engines: not taken over from the bundle: {sentence}"
    had = f"{readied.stages} stages, {readied.kept} had one"
    yield f"engines: {had}, {readied.built} built, {len(readied.failed)} failed"
