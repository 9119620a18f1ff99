"""How unsure an exit is, in nats."""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray
from .errors import ShapeError


def _shifted(logits: FloatArray) -> FloatArray:
    if logits.ndim != 2:
        raise ShapeError(f"logits must be (batch, classes), got shape {logits.shape}; add the batch axis")
    shifted: FloatArray = logits - logits.max(axis=1, keepdims=True)  # exp() of raw logits overflows float16 stages
    return shifted


def entropy_nats(logits: FloatArray) -> FloatArray:
    """Shannon entropy of softmax(logits), per sample.

    H = ln Z - sum_c p_c z_c with Z = sum_c exp z_c, which is -sum_c p_c ln p_c without ever taking ln 0.
    Used as exit criterion in BranchyNet (Teerapittayanon et al., ICPR 2016, arXiv:1709.01686).

    Args:
        logits: (batch, classes), unnormalised.
    Returns:
        (batch,) in nats, from 0 (certain) to ln(classes) (no idea); NaN where a logit is not finite.
    Raises:
        ShapeError: logits is not two-dimensional.
    """
    shifted = _shifted(logits)
    ln_z = np.log(np.exp(shifted).sum(axis=1))
    entropy: FloatArray = ln_z - (np.exp(shifted - ln_z[:, None]) * shifted).sum(axis=1)
    return np.maximum(entropy, 0.0)  # rounding may leave -1e-8; NaN stays NaN


def softmax(logits: FloatArray) -> FloatArray:
    """Class probabilities (batch, classes) of logits (batch, classes). Raises ShapeError on any other rank."""
    exponentials = np.exp(_shifted(logits))
    probabilities: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
