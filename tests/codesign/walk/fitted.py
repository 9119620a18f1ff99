"""Predictors of the small run's backbones, made up for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from codesign.predict.costs.cost_table import CostTable, write_cost_table
from codesign.predict.costs.predictor_file import SavedPredictor, write_predictor
from codesign.predict.house.house import House
from codesign.walk.fit_supernet import SupernetNetworks
from codesign.walk.fit_where import simulated_where
from codesign.walk.search_predictor import SearchPredictor
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork, stage_costs
from tests.codesign.walk.conftest import Parts

TIMES = 2.0  # the board is so many times as slow as its model says
ON = "the test machine"


def networks_of(parts: Parts) -> SupernetNetworks:
    """The small space for the images of the run."""
    data = parts.data
    return SupernetNetworks(parts.preset.space, (data.input.height, data.input.width), len(data.classes))


def board_of(parts: Parts) -> SimulatedBoard:
    """Of the run."""
    model = parts.solver.pricing.model
    assert isinstance(model, SimulatedBoard)
    return model


def costs_of(parts: Parts, designs: IntArray, times: float = TIMES) -> FloatArray:
    """(n,): seconds at default clocks, so many times what the board's model says."""
    networks, pricing = networks_of(parts), parts.solver.pricing
    point = (pricing.points[pricing.default],)
    works = [StageWork(tuple(networks.works(design))) for design in designs]
    return np.array([times * stage_costs(pricing.model, [work], point).latency_s[0, 0] for work in works])


def write_fit(parts: Parts, folder: Path, samples: int = 30, **provenance: str) -> Path:
    """A fit's folder as far as a search needs it."""
    networks, pricing, rng = networks_of(parts), parts.solver.pricing, np.random.default_rng(0)
    designs = np.unique(np.stack([networks.source.draw(rng) for _ in range(samples)]), axis=0)
    costs = costs_of(parts, designs)
    fitted = House(networks.genes).fit(designs, costs, rng)
    folder.mkdir(parents=True, exist_ok=True)
    said = {"on": ON, "kind": "measured", "samples": str(len(designs)), "seed": "0", "passes": "1"}
    said |= {**networks.provenance(), **simulated_where(board_of(parts), pricing.points[pricing.default])} | provenance
    write_predictor(folder / "predictor.npz", SavedPredictor("house", "own", networks.genes, "s", said, fitted))
    table = CostTable(designs, networks.genes, (ON,), costs[None], None, None, np.arange(len(designs)))
    write_cost_table(folder / "costs.npz", table)
    return folder


def without_table(predictor: SearchPredictor) -> SearchPredictor:
    """Its file alone."""
    return replace(predictor, table=None)
