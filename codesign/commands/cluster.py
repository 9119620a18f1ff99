"""`--ray`: where a command's work runs, and what Ray is told by the environment."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from codesign.scale.workplace import Workplace
from codesign.walk.measure_target import MeasureTarget

BOARDS = "ray start --resources='{\"board:ssh://USER@HOST\": 1}'"
COMPILE = (
    "evaluate backbones and train exits on the workers of a Ray cluster instead of in this process: local (as many "
    "workers as this machine has CPUs), auto (the cluster that this machine is a node of) or HOST:PORT; results are "
    "the same. The exits of networks of your own are trained here all the same. A board is "
    f"measured by the node that offers it, one plan at a time: {BOARDS}"
)
FIT = f"measure through a Ray cluster (auto or HOST:PORT), by the node that offers the board: {BOARDS}"
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that somebody compiles
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do by default; it warns until told
}
TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


def add_ray_argument(parser: ArgumentParser, what_for: str) -> None:
    """The option, for commands whose work may run elsewhere."""
    parser.add_argument("--ray", metavar="ADDRESS", help=what_for)


def boards_of(target: MeasureTarget | None) -> list[str]:
    """Names of the boards that a command will measure on; this machine is none of the cluster's."""
    return [] if target is None or target.host is None else [str(target)]


@contextmanager
def workplace_of(address: str | None, boards: Sequence[str] = ()) -> Iterator[Workplace | None]:
    """The cluster that was asked for, if any. Raises ConfigError as `cluster_address` and `ray_cluster` do.

    Args:
        boards: names of boards that will be measured on.
    """
    if address is None:
        yield None
        return
    from codesign.scale.ray_cluster import cluster_address, ray_cluster

    prepare_ray(address)
    with ray_cluster(cluster_address(address), boards) as cluster:
        yield cluster


def prepare_ray(address: str) -> None:
    """Tell Ray to keep to itself and to use the token there is, unless the user has told it otherwise.

    Before it is imported. Clusters ask for a token by default, but Ray shows its own unasked only to clusters that it
    has found or started itself, not at HOST:PORT; a cluster that asks for none ignores it.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    has_token = any(os.environ.get(name) for name in TOKENS) or (Path.home() / ".ray" / "auth_token").is_file()
    if ":" in address and has_token:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
