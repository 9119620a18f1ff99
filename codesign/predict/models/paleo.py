"""Paleo: a layer costs what reading its inputs, computing and writing its outputs cost.

T = R + C + W with C = operations / speed and R, W = values / bandwidth (Qi, Sparks, Talwalkar: "Paleo", ICLR 2017;
equation 1 of Marculescu, Stamoulis, Cai: "Hardware-aware machine learning", ICCAD 2018). Speed and bandwidths are
averages, so that the costs of layers add up to the cost of their sums. Paleo scales a data sheet's peaks by a percent
of peak that it finds out by test; here the samples give the product of the two, beside a constant for what a network
costs whatever it does.
"""

from __future__ import annotations

from codesign.predict.costs.genes import Genes

from .encoded_model import EncodedModel
from .layer_sums import layer_sums, work_and_traffic
from .least_squares import NonNegativeLeastSquares

NAME = "paleo"
FOLDS = 10


def paleo(genes: Genes) -> EncodedModel:
    """The predictor: four parameters, all 0 or more. Raises ConfigError where the layers are not known."""
    return EncodedModel(genes, layer_sums(genes, work_and_traffic), NonNegativeLeastSquares(), FOLDS)
