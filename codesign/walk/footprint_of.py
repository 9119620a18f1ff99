"""The footprint of a backbone with its exits, candidate by candidate, counted from its graph."""

from __future__ import annotations

import numpy as np

from codesign.backbones.onnx_footprint import PartFootprint, part_footprints
from codesign.backbones.slice_onnx import LOGITS
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.exits.names import ENTROPY, exit_entropy
from codesign.search.footprint import Footprint

NOTHING = PartFootprint(0.0, 0.0, 0.0)


def footprint_of(exited: ExitedBackbone) -> Footprint:
    """Segments and heads as `ExitedBackbone` divides its work: the end's classifier belongs to its segment.

    Only cuts and exits are looked for, which graphs in other number formats keep the names of.
    """
    targets = [name for cut in exited.cuts for name in (cut, exit_entropy(cut))]
    *parts, logits, entropy = part_footprints(exited.model, [*targets, LOGITS, ENTROPY])
    segments, heads = [*parts[0::2], logits.beside(entropy)], [*parts[1::2], NOTHING]
    return Footprint(
        segment_weight_bytes=np.asarray([part.weight_bytes for part in segments]),
        head_weight_bytes=np.asarray([part.weight_bytes for part in heads]),
        segment_file_bytes=np.asarray([part.file_bytes for part in segments]),
        head_file_bytes=np.asarray([part.file_bytes for part in heads]),
        segment_alive_bytes=np.asarray([part.alive_bytes for part in segments]),
        head_alive_bytes=np.asarray([part.alive_bytes for part in heads]),
    )
