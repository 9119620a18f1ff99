"""The fitted predictor that a search prices backbones by: read, checked against the run, put into its pricing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from codesign.data.dataset import Dataset
from codesign.predict.accuracy.supernet_genes import designs_of
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor_file import SavedPredictor, read_predictor
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.pricing import Pricing
from codesign.search.whole_costs import Board, PredictedBoard, WholeCosts
from codesign.space.backbone_space import BackboneSpace
from runtime.contract.errors import ConfigError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .fit_folder import UNITS, FitFolder
from .fit_models import makers
from .fit_supernet import SupernetNetworks
from .fit_where import AS_FOUND, BOARD, CLOCKS, DEVICE, point_of
from .settings import Settings

COSTS = {unit: cost for cost, (unit, _) in UNITS.items()}  # "s" is latency, "j" energy


@dataclass(frozen=True)
class SearchPredictor:
    """A predictor whose space, images, board and device are those of the run."""

    saved: SavedPredictor
    networks: SupernetNetworks
    table: Path | None  # the costs it was fitted on; None where they do not lie beside it: then it cannot be refitted
    sha256: str  # of the file

    @property
    def cost(self) -> str:
        """latency or energy."""
        return COSTS[self.saved.cost_unit]

    @property
    def samples(self) -> int:
        """Designs that it was fitted on."""
        return int(self.saved.provenance["samples"])

    @property
    def costs_kind(self) -> str:
        """What the costs were that it was fitted on: measured or simulated."""
        return self.saved.provenance["kind"]

    def predict(self, genomes: Sequence[Genome]) -> Prediction:
        """Costs of whole backbones."""
        return self.saved.fitted.predict(designs_of(self.networks.space, genomes))

    def priced(self, pricing: Pricing) -> Pricing:
        """The board's model scaled to what is predicted.

        Raises:
            BoardError: the clocks that it was fitted at are none of the board's.
        """
        at = point_of(self.saved.provenance[CLOCKS]) or pricing.points[pricing.default]
        board = cast("Board", pricing.model)
        remarks = self._remarks(at)
        hardware = f"{board.hardware}; {self.cost} of whole backbones predicted from {self.costs_kind} ones"

        @cache
        def cost(genome: Genome) -> float:
            return float(self.predict([genome]).mean[0])

        unit = cast("Literal['s', 'j']", self.saved.cost_unit)
        points = pricing.points
        model = PredictedBoard(board, hardware, remarks)
        return Pricing(model, points, points[pricing.default], points[pricing.fastest], WholeCosts(cost, unit, at))

    def told(self, records: Sequence[BackboneRecord]) -> dict[str, Any]:
        """For `results.json`: the predictor, and how many of the evaluated backbones lie outside its range."""
        found = self.predict([record.genome for record in records])
        return {
            "kind": Kind.PREDICTED.value,
            "cost": self.cost,
            "model": self.saved.model,
            "encoding": self.saved.encoding,
            "fitted_on": {"kind": self.costs_kind, "on": self.saved.provenance["on"], "samples": self.samples},
            "calibrated": found.calibrated,
            "backbones": len(records),
            "outside": sorted(record.name for record, out in zip(records, found.outside, strict=True) if out),
            "measured": None,
        }

    def _remarks(self, at: OperatingPoint) -> tuple[str, ...]:
        kept = "power is" if self.cost == "latency" else "latency is"
        remarks = [
            f"Predicted: {self.cost} of each whole backbone at {at}, by {self.saved.model} ({self.saved.encoding}) "
            f"fitted on {self.samples} designs, {self.costs_kind} on {self.saved.provenance['on']}.",
            "Each backbone's blocks and heads are scaled by one factor to that. How its cost divides over blocks, what "
            f"entering a stage adds and how clocks change it stay the board model's, and {kept} its own.",
        ]
        if self.saved.provenance[CLOCKS] == AS_FOUND:
            remarks.append("The predictor was fitted at clocks as found, assumed to be the board's default ones.")
        return tuple(remarks)


def read_search_predictor(path: Path, settings: Settings, networks: SupernetNetworks) -> SearchPredictor:
    """Read a fit's folder, or the predictor's file alone.

    Raises:
        DataError: no such file, or damaged.
        ConfigError: it predicts something else than backbones of this run on this board.
    """
    folder = FitFolder(path)
    file = folder.predictor if path.is_dir() else path
    saved = read_predictor(file, makers())
    check_predictor(saved, settings, networks, str(file))
    table = FitFolder(file.parent).costs
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return SearchPredictor(saved, networks, table if table.is_file() else None, sha256)


def predictor_of(settings: Settings, space: BackboneSpace, data: Dataset) -> SearchPredictor | None:
    """The one that a run was told of. Raises what `read_search_predictor` does."""
    if settings.predictor is None:
        return None
    networks = SupernetNetworks(space, (data.input.height, data.input.width), len(data.classes))
    return read_search_predictor(Path(settings.predictor), settings, networks)


def check_predictor(saved: SavedPredictor, settings: Settings, networks: SupernetNetworks, where: str) -> None:
    """Raise ConfigError, naming the first thing that differs."""
    if saved.cost_unit not in COSTS:
        raise ConfigError(
            f"the predictor is of {saved.cost_unit!r}, not of latency or energy", where=where, to_do="fit another"
        )
    wanted = {"kind": None, "on": None, "samples": None, CLOCKS: None, **networks.provenance()}
    wanted |= {BOARD: settings.board, DEVICE: settings.device}
    for name, value in wanted.items():
        found = saved.provenance.get(name)
        if found is None or (value is not None and found != value):
            raise ConfigError(
                _difference(name, found, value),
                where=where,
                to_do="fit one by `codesign fit` for this space, image size, number of classes, board and device",
            )
    if saved.genes.names != networks.genes.names:
        raise ConfigError("the predictor's genes are not those of this space", where=where, to_do="fit it anew")


def _difference(name: str, found: str | None, wanted: str | None) -> str:
    what = name.removesuffix("_sha256")
    if found is None:
        return f"the predictor does not say of which {what} it is"
    if what != name:  # digests tell nobody anything
        return f"the predictor was fitted for another {what}"
    return f"the predictor was fitted for {what} {found}, this run has {wanted}"
