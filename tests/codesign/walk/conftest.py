"""The parts of the small run, taken up again from a copy of its folder, which tests may write to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codesign.data.dataset import Dataset
from codesign.search.chain_solver import ChainSolver
from codesign.space.preset import Preset
from codesign.walk.evaluate import Evaluator
from codesign.walk.progress import Tick
from codesign.walk.run_folder import RunFolder
from codesign.walk.settings import Settings
from tests.codesign.small_run import BOARD, MAX_ACCURACY_LOSS, SmallRun

if TYPE_CHECKING:
    from tests.codesign.walk.field import Field


def no_tick(_done: int, _of: int, _note: str) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the steps of a run hand to each other."""

    run: SmallRun
    settings: Settings
    preset: Preset
    data: Dataset
    solver: ChainSolver
    evaluator: Evaluator
    tick: Tick

    @property
    def folder(self) -> RunFolder:
        """The copy of the finished run's folder."""
        return self.evaluator.folder


@pytest.fixture(scope="session")
def parts(finished_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """Everything a finished run can be taken up from; nothing is trained."""
    from codesign.data.load import load_data
    from codesign.space.preset import load_preset
    from codesign.walk.compile import board_pricing, limits_of
    from codesign.walk.search_step import obtain_shared_heads
    from codesign.walk.settings import budgeted
    from codesign.walk.supernet_step import obtain_supernet

    copy = tmp_path_factory.mktemp("copy") / "out"
    shutil.copytree(finished_run.out, copy)
    settings = Settings(finished_run.data, BOARD, space=str(finished_run.space), max_accuracy_loss=MAX_ACCURACY_LOSS)
    preset = budgeted(load_preset(settings.space), settings)
    data = load_data(settings.data, settings.seed)
    limits = limits_of(preset, settings)
    solver = ChainSolver(board_pricing(settings), limits, preset.search.threshold_levels, settings.energy)
    folder = RunFolder(copy)
    supernet = obtain_supernet(
        data, preset, checkpoint=None, epochs=None, seed=0, cache=finished_run.cache, tick=no_tick
    ).supernet
    heads = obtain_shared_heads(supernet, data, preset.training, 0, folder, no_tick)
    return Parts(finished_run, settings, preset, data, solver, Evaluator(supernet, heads, data, folder), no_tick)


@pytest.fixture
def empty_folder(tmp_path: Path) -> RunFolder:
    """A run folder in which nothing has been done yet."""
    from codesign.walk.run_folder import start

    return start(tmp_path / "run", {}, {}, resume=False)


@pytest.fixture(scope="session")
def field(finished_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The run served in the field, once in each test process; write only to names of your own in its folder."""
    pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")
    from tests.codesign.walk.field import in_the_field

    found = in_the_field(finished_run, tmp_path_factory.mktemp("field"))
    with found.store:
        yield found
