"""Number formats in which a design computes: the names that modes, reports and commands use."""

from __future__ import annotations

FP32, FP16, INT8, MIXED = "fp32", "fp16", "int8", "mixed"
PRECISIONS = (FP32, FP16, INT8, MIXED)
SHOWN = {FP32: "FP32", FP16: "FP16", INT8: "INT8", MIXED: "INT8 with some layers in FP32"}
BYTES = {FP32: 4, FP16: 2, INT8: 1}  # of one value
