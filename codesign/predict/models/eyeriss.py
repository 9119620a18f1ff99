"""Energy as Eyeriss counts it: what a multiply-accumulate costs, and an access at each level of the memory.

The costs are published, as multiples of a multiply-accumulate (Chen, Emer, Sze: "Eyeriss", ISCA 2016, Table IV): a
register file 1, another processing element 2, the global buffer 6, DRAM 200. How often data are accessed depends on the
accelerator's dataflow; here each operation reads two operands and reads and writes its sum in registers, and each value
of a layer's inputs, outputs and weights passes once through every other level. The samples give the scale, and a
constant. Sparsity and the width of numbers, which the original knows too, are left out.
"""

from __future__ import annotations

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import LayerWorks
from runtime.contract.arrays import FloatArray

from .encoded_model import EncodedModel
from .layer_sums import layer_sums, work_and_traffic
from .least_squares import NonNegativeLeastSquares

NAME = "eyeriss"
FOLDS = 10
OPERATION, REGISTER, ELEMENT, BUFFER, DRAM = 1.0, 1.0, 2.0, 6.0, 200.0
REGISTERS_PER_OPERATION = 4


def eyeriss(genes: Genes) -> EncodedModel:
    """The predictor: two parameters, both 0 or more. Raises ConfigError where the layers are not known."""
    return EncodedModel(genes, layer_sums(genes, normalised_energy), NonNegativeLeastSquares(), FOLDS)


def normalised_energy(works: LayerWorks) -> dict[str, FloatArray]:
    """(n,): energy as millions of multiply-accumulates."""
    sums = work_and_traffic(works)
    computing = sums["macs"] * (OPERATION + REGISTERS_PER_OPERATION * REGISTER)
    moving = (sums["read"] + sums["written"]) * (ELEMENT + BUFFER + DRAM)
    return {"energy": computing + moving}
