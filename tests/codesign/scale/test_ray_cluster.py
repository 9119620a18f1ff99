"""A cluster is reached, or it is said what is missing; nothing waits for what no node offers."""

from __future__ import annotations

import importlib
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from codesign.scale import ray_cluster as module
from codesign.scale.ray_cluster import cluster_address, installed_ray, ray_cluster
from codesign.scale.ray_workplace import RayWorkplace
from codesign.scale.workplace import Workplace
from runtime.contract.errors import ConfigError
from tests.codesign.conftest import FAR_BOARD

ROOT = Path(__file__).resolve().parents[3]


class FakeRay:
    """As much of Ray as connecting takes."""

    def __init__(self, resources: dict[str, float] | None = None, refuses: Exception | None = None) -> None:
        self.resources, self.refuses = resources or {"CPU": 2.0}, refuses
        self.given: dict[str, Any] = {}
        self.connected, self.let_go = False, 0

    def init(self, **given: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.given = given
        if self.refuses is not None:
            raise self.refuses
        self.connected = True

    def is_initialized(self) -> bool:
        return self.connected

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def shutdown(self) -> None:
        self.connected, self.let_go = False, self.let_go + 1


def use(ray: FakeRay, monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    monkeypatch.setattr(module, "installed_ray", lambda: ray)
    return ray


@pytest.mark.parametrize("address", ["auto", "local", "head:6379", "10.0.0.1:6379", "[fe80::1]:6379"])
def test_an_address_is_auto_local_or_host_and_port(address: str) -> None:
    assert cluster_address(address) == address


@pytest.mark.parametrize("address", ["", "head", "head:", "head:0", ":6379", "ray://head:10001", "a b:1"])
def test_anything_else_is_no_address(address: str) -> None:
    with pytest.raises(ConfigError, match="no address of a Ray cluster\n  where: --ray\n  to do: use local"):
        cluster_address(address)


def test_without_ray_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        ConfigError, match=r"Ray is not installed here\n.*\n  to do: pip install 'edge-codesign\[ray\]'"
    ):
        installed_ray()


def test_installed_ray_is_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    there = SimpleNamespace()
    monkeypatch.setattr(importlib, "import_module", lambda name: {"ray": there}[name])
    assert installed_ray() is there


def test_a_cluster_is_let_go_of_and_the_signal_handler_stays_whose_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    ray, before = use(FakeRay(), monkeypatch), signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def interrupted() -> None:
        with ray_cluster("local"):
            seen.extend([ray.connected, signal.getsignal(signal.SIGTERM)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == [True, before]
    assert not ray.connected


def test_a_connection_that_was_there_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = use(FakeRay(), monkeypatch)
    ray.connected = True
    with ray_cluster("auto"):
        pass
    assert ray.connected
    assert ray.given == {}


def test_a_local_cluster_offers_the_boards_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = use(FakeRay({"CPU": 1.0, f"board:{FAR_BOARD}": 1.0}), monkeypatch)
    with ray_cluster("local", [FAR_BOARD]):
        assert ray.given["resources"] == {f"board:{FAR_BOARD}": 1}


@pytest.mark.parametrize("error", [ConnectionError("nobody\nhome"), RuntimeError("Version mismatch"), ValueError("")])
def test_a_cluster_that_refuses_is_an_error_with_its_first_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = use(FakeRay(refuses=error), monkeypatch)
    first = (str(error) or "ValueError").splitlines()[0]
    message = f"cannot use the Ray cluster at 'auto': {first}\n.*\n.*ray start --address"
    with pytest.raises(ConfigError, match=message), ray_cluster("auto"):
        pass
    assert ray.let_go == 1  # of what it had started before it failed


def test_a_port_at_which_nobody_answers_is_found_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = use(FakeRay(), monkeypatch)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        message = rf"no Ray cluster answers at {address}: .*\n.*\n.*ray start --head"
        with pytest.raises(ConfigError, match=message), ray_cluster(address):
            pass
    assert ray.given == {}


def test_a_cluster_without_a_cpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use(FakeRay({"memory": 1.0}), monkeypatch)
    with pytest.raises(ConfigError, match="offers no CPU"), ray_cluster("auto"):
        pass


def test_a_board_that_no_node_offers_is_named_with_the_option_that_offers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = use(FakeRay(), monkeypatch)
    message = r"offers the board ssh://user@board\n.*\n.*--resources='\{\"board:ssh://"
    with pytest.raises(ConfigError, match=message), ray_cluster("auto", [FAR_BOARD]):
        pass
    assert not ray.connected


def test_the_cluster_of_this_process_is_a_workplace(cluster: Workplace) -> None:
    assert isinstance(cluster, RayWorkplace)
    with ray_cluster("local", [FAR_BOARD]) as again:
        assert isinstance(again, RayWorkplace)


@pytest.mark.slow
def test_a_node_that_is_lost_has_its_work_done_by_others_and_a_board_is_used_by_one_at_a_time() -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed; pip install 'edge-codesign[ray]' to run this")
    # In a process of its own: this one may be connected to another cluster already.
    done = subprocess.run(
        [sys.executable, "-m", "tests.codesign.scale.simulated_cluster"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "as it must be"
