"""Connects to a Ray cluster, or starts one on this machine, and lets go of it."""

from __future__ import annotations

import importlib
import json
import re
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from runtime.contract.errors import ConfigError

from .ray_workplace import RayWorkplace, board_resource

AUTO, LOCAL = "auto", "local"
HOST_AND_PORT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):([1-9][0-9]{0,4})")
REACHED_WITHIN_S = 10.0
# What `ray.init` raises on a cluster that is not there, or that runs another version of Python or Ray.
REFUSED = (ConnectionError, RuntimeError, ValueError, TimeoutError)


def cluster_address(text: str) -> str:
    """`auto`, `local` or `host:port`. Raises ConfigError on anything else."""
    if text in (AUTO, LOCAL) or HOST_AND_PORT.fullmatch(text):
        return text
    raise ConfigError(
        f"{text!r} is no address of a Ray cluster",
        where="--ray",
        to_do="use local (workers on this machine), auto (the cluster that this machine is a node of), or HOST:PORT",
    )


@contextmanager
def ray_cluster(address: str, boards: Sequence[str] = ()) -> Iterator[RayWorkplace]:
    """A cluster as a workplace; a connection that this process had before is used and left as it is.

    Args:
        address: see `cluster_address`.
        boards: names of boards that will be measured on. A local cluster offers them itself.
    Raises:
        ConfigError: Ray is not installed, the cluster is not reached, or lacks a board or any CPU.
    """
    ray = installed_ray()
    connected_before = ray.is_initialized()
    if not connected_before:
        _connect(ray, address, boards)
    try:
        _check(ray.cluster_resources(), boards)
        yield RayWorkplace(ray)
    finally:
        if not connected_before:
            ray.shutdown()


def installed_ray() -> Any:
    """The module. Raises ConfigError where it is not installed."""
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ConfigError(
            "Ray is not installed here", where="--ray", to_do="pip install 'edge-codesign[ray]', on every node"
        ) from error


def _connect(ray: Any, address: str, boards: Sequence[str]) -> None:
    if address not in (AUTO, LOCAL):
        _check_reached(address)
    offered = {board_resource(board): 1 for board in boards}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address,
            resources=offered if address == LOCAL and offered else None,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level="ERROR",
        )
    except REFUSED as error:
        ray.shutdown()  # of a local cluster some processes may have started
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(
            f"cannot use the Ray cluster at {address!r}: {first}",
            where="--ray",
            to_do="run on one of its nodes (`ray start --address HOST:PORT`), with its versions of Python and Ray, and "
            "with its token in ~/.ray/auth_token where it asks for one",
        ) from error
    finally:
        signal.signal(signal.SIGTERM, before)  # Ray's own would leave without putting anything in order


def _check_reached(address: str) -> None:
    """Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address}: {error}",
            where="--ray",
            to_do="start one with `ray start --head --port PORT`, and give that port",
        ) from error


def _check(resources: dict[str, float], boards: Sequence[str]) -> None:
    """Ray would wait for ever for what no node offers."""
    if resources.get("CPU", 0.0) < 1.0:
        raise ConfigError(
            "the Ray cluster offers no CPU", where="--ray", to_do="start workers: ray start --address HOST:PORT"
        )
    for board in boards:
        if resources.get(board_resource(board), 0.0) < 1.0:
            offer = json.dumps({board_resource(board): 1})
            raise ConfigError(
                f"no node of the Ray cluster offers the board {board}",
                where="--ray",
                to_do=f"on the one node that reaches it: ray start --address HOST:PORT --resources='{offer}'",
            )
