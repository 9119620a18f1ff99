"""How much faster a device multiplies numbers of fewer bits, as a share of float32 work that costs the same.

A roofline knows two things of a number format: its bytes, which are counted with the work, and how many products a core
makes per cycle. The latter is a factor on float32's; where a core has no instruction for a format, 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class PrecisionParameters:
    """Multiply-accumulates per cycle in a format, as a multiple of what the same device does in float32."""

    fp16_peak: float
    int8_peak: float


def float32_equivalent(
    parameters: PrecisionParameters, macs: FloatArray, fp16_macs: FloatArray, int8_macs: FloatArray
) -> FloatArray:
    """(works,): the float32 multiply-accumulates that keep the core as long as these do."""
    equivalent: FloatArray = (
        (macs - fp16_macs - int8_macs) + fp16_macs / parameters.fp16_peak + int8_macs / parameters.int8_peak
    )
    return equivalent
