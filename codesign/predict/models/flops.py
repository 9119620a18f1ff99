"""Cost linear in multiply-accumulates, the proxy that needs no measurement to rank designs."""

from __future__ import annotations

from codesign.predict.costs.genes import Genes

from .encoded_model import EncodedModel
from .layer_sums import layer_sums, work_and_traffic
from .least_squares import NonNegativeLeastSquares

NAME = "flops"
FOLDS = 10


def flops(genes: Genes) -> EncodedModel:
    """The predictor; a constant and the cost of an operation, both 0 or more. Raises ConfigError: unknown layers."""
    inputs = layer_sums(genes, lambda works: {"macs": work_and_traffic(works)["macs"]})
    return EncodedModel(genes, inputs, NonNegativeLeastSquares(), FOLDS)
