"""The small run served in the field: boards that are not as they were shipped, their telemetry collected."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from codesign.collect.store import Store
from codesign.fleet.questions import ask_sql
from codesign.refine.served_costs import Ask
from codesign.search.chain_works import stages_of
from codesign.walk.compile import Walked, walk_to_modes
from codesign.walk.progress import Steps
from codesign.walk.run_folder import read_settings
from codesign.walk.search_step import polisher_of
from codesign.walk.served_modes import ServedModes, of_run
from codesign.walk.settings import Settings
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.operating_point import OperatingPoint
from tests.bench.refine_fleet import Scenario, true_profile
from tests.bench.served_rows import ServedDesign, Stretch, serve
from tests.codesign.refine.fleet import Unit
from tests.codesign.small_run import SmallRun

OTHERWISE = Scenario("everything with a clock is dearer, the rest cheaper", 2.5, base=0.3)


@dataclass(frozen=True)
class Field:
    """A copy of the finished run, and what three units of its board reported."""

    run: SmallRun
    folder: Path
    settings: Settings
    walked: Walked
    served: ServedModes
    store: Store

    @property
    def ask(self) -> Ask:
        return partial(ask_sql, self.store)


def walked_again(run: SmallRun, folder: Path) -> tuple[Settings, Walked]:
    settings = Settings.from_json(read_settings(folder))
    return settings, walk_to_modes(settings, folder, run.cache, resume=True, steps=Steps(Console(quiet=True)))


def in_the_field(run: SmallRun, at: Path) -> Field:
    """Every mode served for a while at its own clocks and, a little, at others that it offers."""
    folder = at / "run"
    shutil.copytree(run.out, folder)
    settings, walked = walked_again(run, folder)
    now = of_run(walked)
    store = report(now, settings, walked, at / "store")
    return Field(run, folder, settings, walked, now, store)


def report(now: ServedModes, settings: Settings, walked: Walked, store: Path, units: int = 3) -> Store:
    """Telemetry of a bundle on boards that are otherwise; the clocks beside a mode's own are those of its promise."""
    rng, board, polisher = np.random.default_rng(0), profile(settings.board), polisher_of(walked.searched)
    offered = offered_clocks(walked)
    designs, day = {}, []
    for name, chosen in now.chosen.items():
        shares = polisher.shares(polisher.log(chosen), chosen.design.mask, chosen.policy)
        stages = tuple(stages_of([record.works for record in chosen.chain], chosen.design.mask))
        designs[name] = ServedDesign(stages, shares)
        for point in (chosen.design.operating_point, *offered):
            day.append(Stretch(name, point, 600.0 * len(day), 600.0, 1200))
    truth = SimulatedBoard(true_profile(board, settings.device, OTHERWISE), settings.device)
    fleet = [Unit(truth, *np.exp(0.03 * rng.normal(size=3)).tolist()) for _ in range(units)]
    return serve(settings.board, now.manifest.bundle_id, designs, fleet, [day] * units, store, rng)


def offered_clocks(walked: Walked) -> list[OperatingPoint]:
    """Some clocks that the run's promises name."""
    table = json.loads((walked.folder.bundle / "predictor.json").read_text(encoding="utf-8"))["modes"]["balanced"]
    return [OperatingPoint.from_json(row["operating_point"]) for row in table["at_other_clocks"]][:8]
