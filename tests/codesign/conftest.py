"""One thread for all networks; one small compilation for all tests that look at a finished run; one Ray cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from codesign.commands.cluster import workplace_of
from codesign.scale.workplace import Workplace
from tests.codesign.small_run import SmallRun, write_pictures, write_space

FAR_BOARD = "ssh://user@board"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Networks this small are slower on several threads, and tests run beside each other."""
    if "torch" in sys.modules:  # tests without it need not wait for its import
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session")
def small_inputs(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """Pictures, a space and an empty cache; nothing compiled."""
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("small")
    data = write_pictures(folder / "pictures")
    return SmallRun(data, write_space(folder / "small.toml"), folder / "cache", folder / "out")


@pytest.fixture(scope="session")
def finished_run(small_inputs: SmallRun) -> SmallRun:
    """The run, compiled once in each test process; read it, do not write to it."""
    assert small_inputs() == 0
    return small_inputs


@pytest.fixture
def new_run(small_inputs: SmallRun, tmp_path: Path) -> SmallRun:
    """The same inputs, and an output folder of this test's own; the cache may hold the trained supernet."""
    return SmallRun(small_inputs.data, small_inputs.space, small_inputs.cache, tmp_path / "out")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Workplace]:
    """Ray on this machine, with as many workers as it has CPUs and a board; started once in each test process."""
    if find_spec("ray") is None:  # not imported: it reads the environment when it is
        pytest.skip("Ray is not installed; pip install 'edge-codesign[ray]' to run this")
    with workplace_of("local", [FAR_BOARD]) as found:
        assert found is not None
        yield found
